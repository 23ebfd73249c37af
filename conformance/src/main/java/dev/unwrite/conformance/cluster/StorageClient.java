package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Done;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Reply;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.store.Outcome;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One process's way to the storage. */
final class StorageClient implements SharedStorage {
    private final SimStorage storage;
    final SimHost process;
    final int life;
    private final Set<Long> broken = new HashSet<>();
    private final Set<Long> closed = new HashSet<>();

    StorageClient(SimStorage storage, SimHost process, int life) {
        this.storage = storage;
        this.process = process;
        this.life = life;
    }

    String host() {
        return process.name;
    }

    boolean isAlive() {
        return process.isUp() && process.life() == life;
    }

    /** The connections of the session broke. */
    void broke(long session) {
        broken.add(session);
    }

    boolean isBroken(long session) {
        return broken.contains(session) || closed.contains(session);
    }

    boolean isClosed(long session) {
        return closed.contains(session);
    }

    private <T> void ask(long session, Request.Asked what, Supplier<Outcome<T>> work, Reply<T> reply) {
        ask(session, what, null, false, work, reply);
    }

    private <T> void ask(
            long session,
            Request.Asked what,
            @Nullable Extent extent,
            boolean fua,
            Supplier<Outcome<T>> work,
            Reply<T> reply) {
        storage.ask(new Request<>(this, session, what, extent, fua, work, reply));
    }

    @Override
    public void readRecord(Reply<OwnershipRecord> reply) {
        ask(0, Request.Asked.RECORD, storage::readRecord, reply);
    }

    @Override
    public void open(long term, Reply<Session> reply) {
        // The storage ends every earlier session of the host, and with it what is asked there.
        Violation.require(
                "OneConnection",
                !storage.isAskedInASession(this),
                () -> host() + " opens a session while it waits for an answer in another");
        ask(0, Request.Asked.OPEN, () -> storage.open(this, term), reply);
    }

    @Override
    public void close(long session) {
        closed.add(session);
        storage.closed(this, session);
    }

    @Override
    public void compareAndSet(long session, long expectedVersion, OwnershipRecord next, Reply<Changed> reply) {
        ask(session, Request.Asked.CHANGE, () -> storage.change(host(), session, expectedVersion, next), reply);
    }

    @Override
    public void read(long session, int volume, long offset, int length, Reply<ByteBuffer> reply) {
        long first = offset / Extent.BLOCK_BYTES;
        int count = (int) (Math.ceilDiv(offset + length, (long) Extent.BLOCK_BYTES) - first);
        Extent extent = new Extent(volume, first, count);
        ask(
                session,
                Request.Asked.READ,
                extent,
                false,
                () -> storage.read(host(), session, volume, offset, length),
                reply);
    }

    @Override
    public void readOld(long session, long epoch, Extent extent, Reply<OldData> reply) {
        ask(
                session,
                Request.Asked.READ_OLD,
                extent,
                false,
                () -> storage.readOld(host(), session, epoch, extent),
                reply);
    }

    @Override
    public void write(long session, Extent extent, @Nullable ByteBuffer data, boolean fua, Reply<Done> reply) {
        if (data != null && data.remaining() != extent.lengthBytes()) {
            throw new Violation("NoError", "a write of " + data.remaining() + " bytes to " + extent);
        }
        ask(session, Request.Asked.WRITE, extent, fua, () -> storage.write(host(), session, extent, data, fua), reply);
    }

    @Override
    public void flush(long session, Reply<Done> reply) {
        ask(session, Request.Asked.FLUSH, () -> storage.flush(this, session), reply);
    }

    static Trouble lost() {
        return new Trouble(Trouble.Kind.LOST, "the connection with the storage broke");
    }

    @Override
    public String toString() {
        return process.name;
    }
}
