package dev.unwrite.machine.ledger;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A raw connection to a ledger. */
final class Wire implements Closeable {
    private final Socket socket = new Socket();
    private final BufferedReader in;

    Wire(LedgerMachine machine) throws IOException {
        InetSocketAddress address = Objects.requireNonNull(machine.address());
        socket.connect(address, 5_000);
        socket.setSoTimeout(10_000);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Nullable
    String receive() throws IOException {
        return in.readLine();
    }

    @Nullable
    String ask(String line) throws IOException {
        send(line + "\n");
        return receive();
    }

    void endOfRequests() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
