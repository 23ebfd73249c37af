package dev.unwrite.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Ports of the loopback interface for processes that are started later, and again. They lie below those that a kernel
 * gives to outgoing connections (on Linux from 32768 on), one of which may otherwise take a port between the choice and
 * the start; and each JVM of tests that runs beside another chooses from a range of its own.
 */
public final class FreePorts {
    private static final int FIRST = 12_000;
    private static final int PER_FORK = 4_000;
    private static final int BEGIN = FIRST + Integer.getInteger("surefire.forkNumber", 1) % 4 * PER_FORK;
    private static int next = BEGIN + (int) (ProcessHandle.current().pid() % 37) * 100;

    private FreePorts() {}

    /** So many ports that nobody listens at, none of which was given out a short while ago. */
    public static synchronized List<Integer> take(int count) {
        List<Integer> taken = new ArrayList<>();
        for (int tries = 0; taken.size() < count; tries++) {
            if (tries == PER_FORK) {
                throw new IllegalStateException(
                        "no free port from " + BEGIN + " to " + (BEGIN + PER_FORK - 1) + ": end what listens there");
            }
            int port = next;
            next = BEGIN + (next - BEGIN + 1) % PER_FORK;
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                taken.add(probe.getLocalPort());
            } catch (IOException e) {
                // Somebody listens there: the next one.
            }
        }
        return taken;
    }
}
