package dev.unwrite.machine.ledger;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client connection: a thread that reads requests and one that writes replies. It reads no further while {@link
 * LedgerLimits#OUTSTANDING_MAX} requests wait for their replies, so the queue of replies is bounded, too.
 */
final class Connection implements Closeable {
    private final Socket socket;
    private final Engine engine;
    private final Semaphore outstanding = new Semaphore(LedgerLimits.OUTSTANDING_MAX);
    private final BlockingQueue<String> replies = new LinkedBlockingQueue<>();
    private final Thread reader;
    private final Thread writer;
    private final Consumer<Connection> onEnd;

    /** {@code onEnd} runs once, when the connection is over. */
    Connection(Socket socket, Engine engine, Consumer<Connection> onEnd) {
        this.socket = socket;
        this.engine = engine;
        this.onEnd = onEnd;
        this.reader = Thread.ofVirtual().name("ledger-reader").unstarted(this::read);
        this.writer = Thread.ofVirtual().name("ledger-writer").unstarted(this::write);
    }

    void start() {
        writer.start();
        reader.start();
    }

    private void read() {
        try {
            readRequests();
            // The client has said all it wanted; it still gets the replies that are on the way.
            outstanding.acquire(LedgerLimits.OUTSTANDING_MAX);
        } catch (IOException | InterruptedException e) {
            // The connection is gone: the client asks again elsewhere.
        } finally {
            close();
            onEnd.accept(this);
        }
    }

    private void readRequests() throws IOException, InterruptedException {
        LineReader lines = new LineReader(socket.getInputStream());
        String client = null;
        try {
            for (String line = lines.read(); line != null; line = lines.read()) {
                LedgerRequest request = RequestParser.parse(line);
                if (request instanceof LedgerRequest.Hello hello) {
                    client = hello.client();
                }
                submit(client, request);
            }
        } catch (LineReader.LineTooLong e) {
            submit(client, new LedgerRequest.Malformed(String.valueOf(e.getMessage())));
        }
    }

    private void submit(@Nullable String client, LedgerRequest request) throws InterruptedException {
        outstanding.acquire();
        engine.submit(new Engine.Submitted(client, request, replies::add));
    }

    private void write() {
        try {
            OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
            while (true) {
                int answered = 0;
                for (String reply = replies.take(); reply != null; reply = replies.poll()) {
                    out.write(reply.getBytes(StandardCharsets.US_ASCII));
                    out.write('\n');
                    answered++;
                }
                out.flush();
                outstanding.release(answered);
            }
        } catch (IOException | InterruptedException e) {
            close();
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Closing is all that was wanted.
        }
        reader.interrupt();
        writer.interrupt();
    }
}
