package dev.unwrite.cli;

import dev.unwrite.node.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Identifies a server that does not speak HTTP by its greeting: people mix up the ports of a node. */
final class ForeignServer {
    private static final int WAIT_MILLIS = 1000;
    private static final String NBD = "NBDMAGIC";

    private ForeignServer() {}

    /** Such as "an NBD server"; null if it says nothing that is known. */
    static @Nullable String at(HostPort address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.host(), address.port()), WAIT_MILLIS);
            socket.setSoTimeout(WAIT_MILLIS);
            String said = new String(socket.getInputStream().readNBytes(NBD.length()), StandardCharsets.ISO_8859_1);
            return said.equals(NBD) ? "an NBD server" : null;
        } catch (IOException e) {
            return null;
        }
    }
}
