/** What may be wrong with a camera, a microphone or a screen, and what helps. */
export const zhMedia = {
  "media.insecure": "当前页面不是 HTTPS，浏览器不允许使用摄像头",
  "media.insecure.way":
    "这台服务器还没有 HTTPS：请管理员加上 --tls local 重新启动，有域名就用 --domain。在运行服务器的电脑上，打开 {url} 就可以开播。也可以用 OBS 推流；观看不受影响。",
  "media.insecure.ways": "换下面的地址打开就可以开播。观看不受影响。",
  "media.insecure.https": "用 HTTPS 打开",
  "media.unsupported": "当前浏览器不支持直播",
  "media.unsupported.way":
    "请使用新版 Chrome、Edge、Firefox 或 Safari。如果在微信或 QQ 里，请选择「在浏览器中打开」。",
  "media.denied": "浏览器已拒绝使用摄像头/麦克风",
  "media.denied.way.other": "点地址栏左侧的图标，把摄像头和麦克风改成「允许」，然后重试。",
  "media.denied.way.firefox":
    "点地址栏左侧划掉的摄像头图标，点旁边的 × 取消限制，然后重试；没有图标就刷新页面。",
  "media.denied.way.safari":
    "在菜单栏打开「Safari 浏览器 › 设置 › 网站」，把摄像头和麦克风改成「允许」，然后重试。",
  "media.denied.way.ios": "点地址栏左侧的图标，在「网站设置」里允许相机和麦克风，然后重试。",
  "media.denied_once": "浏览器已拒绝使用摄像头/麦克风",
  "media.denied_once.way": "点重试，浏览器再次询问时选「允许」。",
  "media.denied_system": "系统设置里没有允许浏览器使用摄像头",
  "media.denied_system.way.mac":
    "打开「系统设置 › 隐私与安全性」，在「摄像头」和「麦克风」里打开这个浏览器，然后重试。",
  "media.denied_system.way.windows":
    "打开「设置 › 隐私和安全性」，在「相机」和「麦克风」里允许桌面应用访问，然后重试。",
  "media.denied_system.way.ios":
    "打开「设置」，找到这个浏览器，打开「相机」和「麦克风」，然后重试。",
  "media.denied_system.way.android":
    "打开「设置 › 应用」，找到这个浏览器，在「权限」里允许相机和麦克风，然后重试。",
  "media.denied_system.way.other": "在系统的隐私设置里，允许浏览器使用摄像头和麦克风，然后重试。",
  "media.no_device": "未检测到摄像器或麦克风",
  "media.no_device.way": "请接好设备后重试，或者只共享屏幕、用 OBS 推流。",
  "media.in_use": "摄像头或麦克风被其他程序占用",
  "media.in_use.way": "请关闭正在使用它的程序（会议软件、录屏软件、其他标签页），然后重试。",
  "media.constraint": "设备不支持所选清晰度",
  "media.constraint.way": "请换一个清晰度或设备，然后重试。",
  "media.cancelled": "已取消共享屏幕",
  "media.device_lost": "设备已断开",
  "media.device_lost.way": "没有其他设备可换。请重新接好后重试，或者选择另一个设备。",
  "media.device_lost.instead": "已换用「{device}」，直播没有中断。",
  "media.device_muted": "系统暂停了麦克风/摄像头",
  "media.device_muted.way": "通话结束或打开屏幕后会恢复；如果没有，请点恢复。",
  "media.device_muted.restore": "点按恢复",
} as const;
