package dev.unwrite.node.control;

import com.sun.net.httpserver.Headers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells the requests of a person or a program from those that a web page has a browser send: pages of anywhere reach what
 * the browser reaches, and a node asks nobody who he is. A page betrays itself by {@code Origin} or {@code Sec-Fetch-Site},
 * which no page can leave away, or, where its own name was pointed at this address, by that name in {@code Host}.
 */
final class WebPages {
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]+");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?");
    private static final Pattern PORT = Pattern.compile("(:[0-9]{0,5})?");
    private static final int SHOWN_CHARS_MAX = 100;

    /** Names that nobody but the operator gives to this host, in lower case. */
    private final Set<String> ownNames;

    /** {@code listen}: as it was configured, perhaps by a name. */
    WebPages(InetSocketAddress listen) {
        this(listen.getHostString(), hostName());
    }

    WebPages(String configured, String hostName) {
        ownNames = Set.copyOf(List.of(lower(configured), lower(hostName)));
    }

    private static String hostName() {
        try {
            return Files.exists(HOST_NAME) ? Files.readString(HOST_NAME).strip() : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Why the request is refused, in one line; null if it is not. */
    @Nullable
    String refusal(String method, Headers headers) {
        String host = headers.getFirst("Host");
        if (host != null && !isOurs(host)) {
            return "this node is not known as " + shown(host)
                    + "; use its IP address, or start it with that name in --control";
        }
        List<String> origins = headers.getOrDefault("Origin", List.of());
        for (String origin : origins) {
            if (host == null || !origin.equalsIgnoreCase("http://" + host)) {
                return "a request from a web page of " + shown(origin) + " is refused; use the command line, or curl";
            }
        }
        String site = headers.getFirst("Sec-Fetch-Site");
        boolean foreign = site != null && !site.equals("none") && !site.equals("same-origin");
        // A link that somebody followed to look at the status does no harm, and its page does not see the answer.
        boolean link = method.equals("GET") && "navigate".equals(headers.getFirst("Sec-Fetch-Mode"));
        return foreign && !link ? "a request from another web page is refused; use the command line, or curl" : null;
    }

    /**
     * Whether no page could have got there by pointing a name of its own at this address: names without a dot are not
     * to be had in public, and the others must be this host's.
     */
    private boolean isOurs(String host) {
        if (host.startsWith("[")) {
            int end = host.indexOf(']');
            return end > 0
                    && IPV6.matcher(host.substring(1, end)).matches()
                    && PORT.matcher(host.substring(end + 1)).matches();
        }
        int colon = host.indexOf(':');
        String name = lower(colon < 0 ? host : host.substring(0, colon));
        String port = colon < 0 ? "" : host.substring(colon);
        if (!PORT.matcher(port).matches() || !NAME.matcher(name).matches()) {
            return false;
        }
        return IPV4.matcher(name).matches()
                || name.indexOf('.') < 0
                || name.endsWith(".localhost")
                || ownNames.contains(name);
    }

    private static String shown(String text) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() > SHOWN_CHARS_MAX ? line.substring(0, SHOWN_CHARS_MAX) + "..." : line;
    }
}
