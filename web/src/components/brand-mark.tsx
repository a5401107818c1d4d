export function BrandMark({ className }: { className?: string | undefined }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#dc2347" />
      <path
        d="M12.5 10.2v11.6c0 .8.9 1.3 1.6.9l9-5.8c.6-.4.6-1.3 0-1.7l-9-5.8c-.7-.5-1.6 0-1.6.8Z"
        fill="#fff"
      />
      <circle cx="8" cy="16" r="1.8" fill="#fff" />
    </svg>
  );
}
