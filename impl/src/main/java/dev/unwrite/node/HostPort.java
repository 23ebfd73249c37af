package dev.unwrite.node;

import java.net.InetSocketAddress;

/**
 * A {@code HOST:PORT} of the command line; an IPv6 address stands in brackets.
 *
 * @param host a name or an address, without brackets
 * @param port 0 to 65535
 */
public record HostPort(String host, int port) {
    private static final int HOST_CHARS_MAX = 253;
    private static final int PORT_MAX = 65_535;

    /** Reads {@code 127.0.0.1:7001}, {@code host-b:7001}, {@code [::1]:7001}. Throws IllegalArgumentException with one line. */
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw bad(text);
        }
        if (!host.matches("[A-Za-z0-9._%:-]{1," + HOST_CHARS_MAX + "}")) {
            throw bad(text);
        }
        String port = text.substring(colon + 1);
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > PORT_MAX) {
            throw bad(text);
        }
        return new HostPort(host, Integer.parseInt(port));
    }

    private static IllegalArgumentException bad(String text) {
        return new IllegalArgumentException("'" + text + "' is not HOST:PORT, such as 127.0.0.1:7001 or [::1]:7001");
    }

    /** Looked up now; may be unresolved. */
    public InetSocketAddress resolve() {
        return new InetSocketAddress(host, port);
    }

    /** In the form that {@link #parse} reads. */
    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
