package dev.unwrite.chaos.vm;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** A connection from outside to the guest: lines that it answers, some of them once it has done what they say. */
final class VmTalk implements Closeable {
    private static final InetSocketAddress GUEST = new InetSocketAddress(TickGuest.HOST, TickGuest.PORT);

    private final Socket socket;
    private final BufferedReader in;
    private int asked;

    /** The guest's count, and which boot it is of. */
    record Answer(long number, String boot) {}

    private VmTalk(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** Nothing if the guest does not answer in that time. */
    static Optional<VmTalk> tryToConnect(Duration within) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(GUEST, (int) within.toMillis());
        } catch (IOException e) {
            socket.close();
            return Optional.empty();
        }
        return Optional.of(new VmTalk(socket));
    }

    /** How far it is. */
    Answer ask() throws IOException {
        return ask("ask" + ++asked);
    }

    /** The same after it counted to so many, which takes its processor and nothing else. */
    Answer compute(int loops) throws IOException {
        return ask("spin" + loops);
    }

    /** The same after it wrote 4 KiB so many times, one after the other, past its cache. */
    Answer write(int writes) throws IOException {
        return ask("disk" + writes);
    }

    private Answer ask(String question) throws IOException {
        socket.getOutputStream().write((question + "\n").getBytes(StandardCharsets.US_ASCII));
        String line = in.readLine();
        String[] words = line == null ? new String[0] : line.split(" ");
        if (words.length != 3 || !words[0].equals(question)) {
            throw new IOException(
                    line == null ? "the guest closed the connection" : "asked " + question + ", heard " + line);
        }
        try {
            return new Answer(Long.parseLong(words[1]), words[2]);
        } catch (NumberFormatException e) {
            throw new IOException("asked " + question + ", heard " + line, e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
