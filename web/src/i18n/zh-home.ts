import { zhFan } from "./zh-fan";

/** What the home page says. */
export const zhHome = {
  ...zhFan,
  "home.title": "打开网页，就是直播间",
  "home.lead": "开播和观看都只要一个浏览器，延迟不到一秒。",
  "home.host.title": "我要开播",
  "home.host.text": "用摄像头或屏幕，一键开始直播",
  "home.watch.title": "看直播",
  "home.watch.text": "输入直播间名称，或粘贴链接",
  "home.watch.label": "直播间名称或链接",
  "home.watch.placeholder": "例如 default",
  "home.watch.go": "进入直播间",
  "home.watch.recent": "最近看过",
  "home.live.title": "正在直播",
  "home.live.empty": "现在没有人在直播",
  "home.live.emptyText": "点「我要开播」，你就是第一个。开播后这里会自动出现。",
  "home.live.failed": "连接不上服务器，正在重试",
} as const;
