package dev.unwrite.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens the sockets that NBD URIs name. All channels stay in blocking mode. */
final class Sockets {
    private static final int BACKLOG = 64;

    private Sockets() {}

    /** A socket for this URI, not yet connected. */
    static SocketChannel open(NbdUri uri) throws IOException {
        return uri.isUnix() ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    }

    static SocketAddress resolve(NbdUri uri) throws IOException {
        SocketAddress address = uri.address();
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new IOException("unknown host " + inet.getHostString());
        }
        return address;
    }

    /** Small requests leave at once, and a peer that vanished is noticed some day. */
    static void tune(SocketChannel channel) throws IOException {
        if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
    }

    static ServerSocketChannel listen(NbdUri uri) throws IOException {
        SocketAddress address = resolve(uri);
        if (address instanceof UnixDomainSocketAddress unix) {
            removeStale(unix);
        }
        ServerSocketChannel channel =
                uri.isUnix() ? ServerSocketChannel.open(StandardProtocolFamily.UNIX) : ServerSocketChannel.open();
        try {
            return channel.bind(address, BACKLOG);
        } catch (IOException e) {
            channel.close();
            throw new IOException("cannot listen on " + uri + ": " + e.getMessage(), e);
        }
    }

    /** The URI with the port that the system chose. */
    static NbdUri bound(NbdUri uri, ServerSocketChannel channel) throws IOException {
        NbdUri named = uri.withExport("");
        return channel.getLocalAddress() instanceof InetSocketAddress inet ? named.withPort(inet.getPort()) : named;
    }

    /** A socket file that a killed server left behind would be in the way for ever; one that answers stays. */
    private static void removeStale(UnixDomainSocketAddress address) throws IOException {
        Path path = address.getPath();
        if (!Files.exists(path) || Files.isRegularFile(path) || Files.isDirectory(path)) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(address)) {
            throw new IOException("cannot listen on " + path + ": another server answers there (" + probe + ")");
        } catch (java.net.ConnectException refused) {
            Files.deleteIfExists(path);
        }
    }
}
