package static

// defaultMedia is the type of a file of unknown content (RFC 9110 section 8.3). The
// client does not guess, because of X-Content-Type-Options.
const defaultMedia = "application/octet-stream"

// mediaOf returns the Content-Type of a file by its name. It is the same on every
// machine, whatever types that knows.
func mediaOf(name string) string {
	if m, ok := medias[extension(name)]; ok {
		return m
	}
	return defaultMedia
}

// medias holds the types by extension. Text is in UTF-8.
var medias = map[string]string{
	"html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8", "xhtml": "application/xhtml+xml",
	"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8", "cjs": "text/javascript; charset=utf-8",
	"json": "application/json", "jsonld": "application/ld+json", "map": "application/json", "geojson": "application/geo+json",
	"webmanifest": "application/manifest+json", "wasm": "application/wasm",
	"txt": "text/plain; charset=utf-8", "text": "text/plain; charset=utf-8", "log": "text/plain; charset=utf-8",
	"md": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8",
	"vtt": "text/vtt; charset=utf-8", "ics": "text/calendar; charset=utf-8", "vcf": "text/vcard; charset=utf-8",
	"xml": "text/xml; charset=utf-8", "xsl": "text/xml; charset=utf-8", "rss": "application/rss+xml", "atom": "application/atom+xml",
	"yaml": "application/yaml", "yml": "application/yaml", "toml": "application/toml",

	"svg": "image/svg+xml; charset=utf-8", "png": "image/png", "apng": "image/apng", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
	"webp": "image/webp", "avif": "image/avif", "heic": "image/heic", "jxl": "image/jxl", "ico": "image/x-icon", "bmp": "image/bmp",
	"tif": "image/tiff", "tiff": "image/tiff",

	"woff2": "font/woff2", "woff": "font/woff", "ttf": "font/ttf", "otf": "font/otf", "ttc": "font/collection", "eot": "application/vnd.ms-fontobject",

	"mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "oga": "audio/ogg", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac", "weba": "audio/webm", "mid": "audio/midi",
	"mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime", "mpeg": "video/mpeg", "avi": "video/x-msvideo", "mkv": "video/x-matroska",
	"m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t", "mpd": "application/dash+xml",

	"pdf": "application/pdf", "epub": "application/epub+zip", "rtf": "application/rtf",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"odt":  "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet", "odp": "application/vnd.oasis.opendocument.presentation",

	"zip": "application/zip", "gz": "application/gzip", "tgz": "application/gzip", "tar": "application/x-tar", "bz2": "application/x-bzip2",
	"xz": "application/x-xz", "7z": "application/x-7z-compressed", "zst": "application/zstd", "jar": "application/java-archive", "apk": "application/vnd.android.package-archive",
	"glb": "model/gltf-binary", "gltf": "model/gltf+json", "stl": "model/stl", "parquet": "application/vnd.apache.parquet",
}
