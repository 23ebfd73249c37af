package dev.unwrite.node;

import dev.unwrite.host.Done;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Reply;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import dev.unwrite.nbd.Completion;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.CopyReads;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageSession.CasResult;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Carries a host's requests to the shared storage. What goes to the volumes of a session is sent by the loop, which serves their
 * connections; all else, which is rare, has a thread of its own that posts the reply.
 */
final class StorageShell implements SharedStorage, Closeable {
    private static final Trouble NO_SESSION = new Trouble(Trouble.Kind.ENDED, "the session was closed");

    private final StorageClient client;
    private final Loop loop;
    private final HungUp hungUp;
    /** Changed by the loop's thread only. */
    private final Map<Long, OpenSession> sessions = new ConcurrentHashMap<>();

    /** A request; it may block. */
    private interface Request<T> {
        T run() throws IOException;
    }

    /** A request in a session. */
    private interface InSession<T> {
        T run(OpenSession session) throws IOException;
    }

    /** Told, on the loop, of a session that was hung up on. */
    interface HungUp {
        void hungUp(long session, Trouble why);
    }

    StorageShell(StorageClient client, Loop loop, HungUp hungUp) {
        this.client = client;
        this.loop = loop;
        this.hungUp = hungUp;
    }

    @Override
    public void readRecord(Reply<OwnershipRecord> reply) {
        carryOut(client::readRecord, reply, () -> true);
    }

    @Override
    public void open(long term, Reply<Session> reply) {
        carryOut(
                () -> OpenSession.open(client, term),
                Reply.of(
                        opened -> {
                            sessions.put(opened.number(), opened);
                            opened.connections().forEach(connection -> watch(opened, connection));
                            reply.done(opened.told());
                        },
                        reply::failed),
                () -> true);
    }

    /** Tells the host when the storage hangs up, also where nobody asks for anything. */
    private void watch(OpenSession session, NbdClient connection) {
        Thread.ofVirtual().name("storage-watch").start(() -> {
            try {
                connection.awaitDisconnect();
            } catch (InterruptedException e) {
                return;
            }
            loop.post(() -> {
                if (isOpen(session)) {
                    hungUp.hungUp(session.number(), new Trouble(Trouble.Kind.LOST, "the storage hung up"));
                }
            });
        });
    }

    private boolean isOpen(OpenSession session) {
        return session.equals(sessions.get(session.number()));
    }

    @Override
    public void close(long session) {
        OpenSession closing = sessions.remove(session);
        if (closing != null) {
            // To take one's leave of a storage that does not answer may take seconds.
            Thread.ofVirtual().name("storage-close").start(closing::close);
        }
    }

    @Override
    public void compareAndSet(long session, long expectedVersion, OwnershipRecord next, Reply<Changed> reply) {
        inSession(
                session,
                own -> {
                    CasResult result = own.session().cas(expectedVersion, next);
                    return new Changed(result.ok(), result.record());
                },
                reply);
    }

    @Override
    public void read(long session, int volume, long offset, int length, Reply<ByteBuffer> reply) {
        toVolume(session, volume, reply, own -> own.read(offset, length, told(session, reply)));
    }

    @Override
    public void readOld(long session, long epoch, Extent extent, Reply<OldData> reply) {
        if (extent.count() <= OldDataReader.ASKING_BLOCKS) {
            Reply<ByteBuffer> all = Reply.of(data -> reply.done(OldData.of(extent, data)), reply::failed);
            CopyReads.in(epoch, () -> {
                read(session, extent.volume(), extent.offsetBytes(), (int) extent.lengthBytes(), all);
                return all;
            });
        } else {
            inSession(
                    session,
                    own -> CopyReads.in(epoch, () -> OldDataReader.read(own.volume(extent.volume()), extent)),
                    reply);
        }
    }

    @Override
    public void write(long session, Extent extent, @Nullable ByteBuffer data, boolean fua, Reply<Done> reply) {
        toVolume(session, extent.volume(), reply, own -> {
            if (data == null) {
                own.writeZeroes(extent.offsetBytes(), (int) extent.lengthBytes(), fua, done(session, reply));
            } else {
                own.write(extent.offsetBytes(), data, fua, done(session, reply));
            }
        });
    }

    @Override
    public void flush(long session, Reply<Done> reply) {
        OpenSession own = sessions.get(session);
        if (own == null) {
            loop.post(() -> reply.failed(NO_SESSION));
            return;
        }
        Flush flush = new Flush(own.connections().size(), reply);
        own.connections().forEach(volume -> volume.flush(done(session, flush)));
    }

    /** The session of that number, for whoever may block; null if it is closed. */
    @Nullable
    OpenSession session(long number) {
        return sessions.get(number);
    }

    /** The flushes of all volumes of a session; the first that fails is told. */
    private static final class Flush implements Reply<Done> {
        private final Reply<Done> reply;
        private int left;

        Flush(int volumes, Reply<Done> reply) {
            left = volumes;
            this.reply = reply;
        }

        @Override
        public void done(Done result) {
            if (--left == 0) {
                reply.done(result);
            }
        }

        @Override
        public void failed(Trouble why) {
            if (left > 0) {
                left = 0;
                reply.failed(why);
            }
        }
    }

    private void toVolume(long session, int volume, Reply<?> reply, Consumer<NbdClient> request) {
        OpenSession own = sessions.get(session);
        NbdClient connection = own == null ? null : own.connection(volume);
        if (connection == null) {
            loop.post(() -> reply.failed(
                    own == null
                            ? NO_SESSION
                            : new Trouble(Trouble.Kind.INVALID, "the storage has no volume of id " + volume)));
        } else {
            request.accept(connection);
        }
    }

    private Completion<Boolean> done(long session, Reply<Done> reply) {
        return told(session, Reply.<Boolean>of(done -> reply.done(Done.DONE), reply::failed));
    }

    /** Nobody waits for a reply of a session that the host has closed. */
    private <T> Completion<T> told(long session, Reply<T> reply) {
        return new Completion<>() {
            @Override
            public void done(T result) {
                if (sessions.containsKey(session)) {
                    reply.done(result);
                }
            }

            @Override
            public void failed(int error, String why) {
                if (sessions.containsKey(session)) {
                    // Of a connection that has ended all fail at once, also within an order: the host is told later.
                    loop.post(() -> {
                        if (sessions.containsKey(session)) {
                            reply.failed(Troubles.of(error, why));
                        }
                    });
                }
            }
        };
    }

    private <T> void inSession(long session, InSession<T> request, Reply<T> reply) {
        OpenSession own = sessions.get(session);
        if (own == null) {
            loop.post(() -> reply.failed(NO_SESSION));
        } else {
            carryOut(() -> request.run(own), reply, () -> isOpen(own));
        }
    }

    /** {@code wanted} is asked on the loop: whether the host still waits for the reply. */
    private <T> void carryOut(Request<T> request, Reply<T> reply, BooleanSupplier wanted) {
        Thread.ofVirtual().name("storage-request").start(() -> {
            Runnable end;
            try {
                T result = request.run();
                end = () -> reply.done(result);
            } catch (IOException | RuntimeException e) {
                Trouble why = Troubles.of(e);
                end = () -> reply.failed(why);
            }
            Runnable ended = end;
            loop.post(() -> {
                if (wanted.getAsBoolean()) {
                    ended.run();
                }
            });
        });
    }

    /** Ends all sessions; the loop has ended. */
    @Override
    public void close() {
        sessions.values().forEach(OpenSession::close);
        sessions.clear();
        client.close();
    }
}
