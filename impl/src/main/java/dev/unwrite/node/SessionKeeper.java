package dev.unwrite.node;

import dev.unwrite.protocol.Role;
import dev.unwrite.storage.WrongIdentityException;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Gives a primary whose session with the storage broke a new one, and writes again what was not flushed (rules
 * OneConnection, ReplayUnflushed). A thread of its own: everybody else may wait for it.
 */
final class SessionKeeper implements Closeable {
    private static final Duration RETRY = Duration.ofMillis(100);

    private final Engine engine;
    private final SessionHolder sessions;
    private final Recovery recovery;
    private final Consumer<String> log;
    private final Consumer<String> fatal;
    private final Semaphore wanted = new Semaphore(0);
    private final ReentrantLock renewing = new ReentrantLock();
    private final Thread thread;
    private volatile boolean closed;

    SessionKeeper(
            Engine engine, SessionHolder sessions, Recovery recovery, Consumer<String> log, Consumer<String> fatal) {
        this.fatal = fatal;
        this.engine = engine;
        this.sessions = sessions;
        this.recovery = recovery;
        this.log = log;
        thread = Thread.ofPlatform().name("session-keeper").daemon().start(this::run);
    }

    /** The session broke; returns at once. */
    void broken() {
        wanted.release();
    }

    /** A new session for a primary, however long that takes. On return it is in use, and nothing is owed. */
    void renew() throws IOException, InterruptedException {
        renewing.lockInterruptibly();
        try {
            OwnerSession own;
            do {
                recovery.reopen();
                own = sessions.current();
            } while (own != null && !recovery.replay(own));
            sessions.readable();
        } finally {
            renewing.unlock();
        }
    }

    private void run() {
        while (!closed) {
            try {
                wanted.acquire();
                wanted.drainPermits();
                if (engine.state().role() == Role.PRIMARY && sessions.isBroken()) {
                    renew();
                    log.accept("has a new session with the storage");
                }
            } catch (InterruptedException e) {
                return;
            } catch (WrongIdentityException e) {
                fatal.accept(String.valueOf(e.getMessage()));
                return;
            } catch (IOException | RuntimeException e) {
                log.accept("no session with the storage: " + e.getMessage());
                pause();
                if (engine.state().role() == Role.PRIMARY && sessions.isBroken()) {
                    wanted.release();
                }
            }
        }
    }

    private void pause() {
        try {
            engine.await(s -> closed, RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
