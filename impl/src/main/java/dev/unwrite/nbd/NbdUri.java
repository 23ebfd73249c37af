package dev.unwrite.nbd;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where an export is to be had, or where a server is to listen: {@code nbd://host[:port]/export} or
 * {@code nbd+unix:///export?socket=PATH} (NBD URI specification). TLS is not supported.
 *
 * @param host   host name or address; {@code "localhost"} if the URI names none; unused with a socket
 * @param port   TCP port; 0 in a listen address lets the system choose
 * @param socket path of the Unix domain socket, or null for TCP
 * @param export name of the export, possibly empty; it may contain any character but NUL
 */
public record NbdUri(String host, int port, @Nullable String socket, String export) {
    public NbdUri {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not between 0 and 65535");
        }
        if (export.getBytes(StandardCharsets.UTF_8).length > NbdWire.STRING_BYTES_MAX) {
            throw new IllegalArgumentException("the export name is longer than " + NbdWire.STRING_BYTES_MAX + " bytes");
        }
    }

    public static NbdUri tcp(String host, int port, String export) {
        return new NbdUri(host, port, null, export);
    }

    public static NbdUri unix(Path socket, String export) {
        return new NbdUri("localhost", NbdWire.DEFAULT_PORT, socket.toString(), export);
    }

    /** Reads an NBD URI. Throws IllegalArgumentException, with a message of one line, if it is not one. */
    public static NbdUri parse(String text) {
        if (HOST_PORT.matcher(text).matches()) {
            throw bad(text, "write nbd://" + text, null);
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw bad(text, e.getReason(), e);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme();
        if (uri.isOpaque() || uri.getRawFragment() != null) {
            throw bad(text, "expected nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH", null);
        }
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String export = decode(text, path.startsWith("/") ? path.substring(1) : path);
        String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
        String socket = socketParameter(text, uri.getRawQuery());
        try {
            return switch (scheme) {
                case "nbd" -> {
                    if (socket != null) {
                        throw bad(text, "the parameter socket belongs to nbd+unix:", null);
                    }
                    yield parseTcp(text, authority, export);
                }
                case "nbd+unix" -> {
                    if (socket == null || socket.isEmpty()) {
                        throw bad(text, "nbd+unix: needs ?socket=PATH", null);
                    }
                    if (!authority.isEmpty()) {
                        throw bad(text, "nbd+unix: takes no host; write nbd+unix:///EXPORT?socket=PATH", null);
                    }
                    yield new NbdUri("localhost", NbdWire.DEFAULT_PORT, socket, export);
                }
                case "nbds", "nbds+unix" -> throw bad(text, "TLS (" + scheme + ":) is not supported", null);
                default -> throw bad(text, "it must start with nbd:// or nbd+unix:///", null);
            };
        } catch (IllegalArgumentException e) {
            throw e.getMessage() != null && e.getMessage().startsWith(PREFIX) ? e : bad(text, e.getMessage(), e);
        }
    }

    private static NbdUri parseTcp(String text, String authority, String export) {
        if (authority.indexOf('@') >= 0) {
            throw bad(text, "user names need TLS, which is not supported", null);
        }
        int end = authority.startsWith("[") ? authority.indexOf(']') + 1 : authority.indexOf(':');
        String host = end < 0 ? authority : authority.substring(0, end);
        String rest = authority.substring(host.length());
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        int port = NbdWire.DEFAULT_PORT;
        if (!rest.isEmpty() && !rest.equals(":")) {
            if (!rest.matches(":[0-9]{1,5}")) {
                throw bad(text, "the port is not a number between 0 and 65535", null);
            }
            port = Integer.parseInt(rest, 1, rest.length(), 10);
        }
        return new NbdUri(host.isEmpty() ? "localhost" : decode(text, host), port, null, export);
    }

    private static @Nullable String socketParameter(String text, @Nullable String query) {
        String socket = null;
        if (query == null || query.isEmpty()) {
            return null;
        }
        for (String parameter : query.split("&", -1)) {
            if (parameter.startsWith("tls-")) {
                throw bad(text, "TLS (" + parameter + ") is not supported", null);
            }
            if (!parameter.startsWith("socket=")) {
                throw bad(text, "unknown parameter " + parameter, null);
            }
            if (socket != null) {
                throw bad(text, "the parameter socket is given twice", null);
            }
            socket = decode(text, parameter.substring("socket=".length()));
        }
        return socket;
    }

    public boolean isUnix() {
        return socket != null;
    }

    public NbdUri withExport(String name) {
        return new NbdUri(host, port, socket, name);
    }

    public NbdUri withPort(int newPort) {
        return new NbdUri(host, newPort, socket, export);
    }

    /** The address to connect to or to bind; looks the host name up, so it may block. It may be unresolved. */
    public SocketAddress address() {
        return socket != null ? UnixDomainSocketAddress.of(socket) : new InetSocketAddress(host, port);
    }

    /** The URI, such that {@link #parse} gives an equal object. */
    @Override
    public String toString() {
        if (socket != null) {
            return "nbd+unix:///" + encode(export) + "?socket=" + encode(socket);
        }
        String shownHost = host.indexOf(':') >= 0 ? "[" + host + "]" : encode(host);
        String shownPort = port == NbdWire.DEFAULT_PORT ? "" : ":" + port;
        return "nbd://" + shownHost + shownPort + "/" + encode(export);
    }

    /** What people write who know other programs. */
    private static final Pattern HOST_PORT = Pattern.compile("([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])?:[0-9]{1,5}");

    private static final String PREFIX = "bad NBD URI '";

    private static IllegalArgumentException bad(String text, @Nullable String why, @Nullable Throwable cause) {
        // What the user typed is shown, but in one line and not at any length.
        String shown = text.length() > 200 ? text.substring(0, 200) + "..." : text;
        return new IllegalArgumentException(PREFIX + shown.replaceAll("\\p{Cntrl}", "?") + "': " + why, cause);
    }

    private static String decode(String text, String raw) {
        ByteBuffer bytes = ByteBuffer.allocate(raw.length() * 3);
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                // java.net.URI has checked that two hexadecimal digits follow.
                bytes.put((byte) Integer.parseInt(raw, i + 1, i + 3, 16));
                i += 2;
            } else {
                int codePoint = raw.codePointAt(i);
                bytes.put(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
                i += Character.charCount(codePoint) - 1;
            }
        }
        try {
            String decoded =
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
            if (decoded.indexOf('\0') >= 0) {
                throw bad(text, "it contains a NUL character", null);
            }
            return decoded;
        } catch (CharacterCodingException e) {
            throw bad(text, "its percent-encoding is not UTF-8", e);
        }
    }

    private static String encode(String plain) {
        StringBuilder out = new StringBuilder();
        for (byte b : plain.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~/".indexOf(c) >= 0)) {
                out.append(c);
            } else {
                out.append(String.format("%%%02X", (int) c));
            }
        }
        return out.toString();
    }
}
