package dev.unwrite.chaos.vm;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Somebody outside, who holds one TCP connection to the guest open through everything, asks again and again, and remembers what
 * he hears.
 */
final class VmObserver implements Closeable {
    private static final InetSocketAddress GUEST = new InetSocketAddress("10.77.0.2", 7000);
    private static final int CONNECT_MILLIS = 1_000;
    private static final long ASK_MILLIS = 20;

    private final List<Heard> heard = new ArrayList<>();
    private final Set<String> boots = new HashSet<>();
    private final Thread thread;
    private @Nullable String failure;
    private volatile boolean over;
    private volatile @Nullable Socket socket;

    /** An answer: when it came, and the guest's number. */
    record Heard(long nanos, long number) {}

    /** Begins at once, and waits for the guest to boot. */
    VmObserver() {
        thread = Thread.ofPlatform().daemon().name("observer").start(this::observe);
    }

    private void observe() {
        try (Socket connection = connect()) {
            OutputStream out = connection.getOutputStream();
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
            for (long i = 1; !over; i++) {
                String question = "ask" + i;
                out.write((question + "\n").getBytes(StandardCharsets.US_ASCII));
                String line = in.readLine();
                if (line == null) {
                    throw new IOException("the guest closed the connection");
                }
                String[] words = line.split(" ");
                if (words.length != 3 || !words[0].equals(question)) {
                    throw new IOException("asked " + question + ", heard " + line);
                }
                synchronized (this) {
                    heard.add(new Heard(System.nanoTime(), Long.parseLong(words[1])));
                    boots.add(words[2]);
                }
                TimeUnit.MILLISECONDS.sleep(ASK_MILLIS);
            }
        } catch (IOException | NumberFormatException e) {
            synchronized (this) {
                failure = over ? null : String.valueOf(e.getMessage());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Socket connect() throws IOException, InterruptedException {
        while (true) {
            Socket attempt = new Socket();
            socket = attempt;
            try {
                attempt.connect(GUEST, CONNECT_MILLIS);
                return attempt;
            } catch (IOException e) {
                attempt.close();
                if (over) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(ASK_MILLIS);
            }
        }
    }

    /** All answers so far, in their order. */
    synchronized List<Heard> heard() {
        return List.copyOf(heard);
    }

    /** The guest's boots, as it told them. */
    synchronized Set<String> boots() {
        return Set.copyOf(boots);
    }

    /** Why the connection is over, or null if it stands. */
    synchronized @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() throws IOException {
        over = true;
        Socket connection = socket;
        if (connection != null) {
            connection.close();
        }
        thread.interrupt();
    }
}
