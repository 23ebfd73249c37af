package dev.unwrite.node;

import dev.unwrite.host.Done;
import dev.unwrite.host.Host;
import dev.unwrite.host.Trouble;
import dev.unwrite.nbd.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/** A protected volume as the machine sees it: each request goes to the host, and its thread waits for the reply. */
final class VolumeShell implements BlockDevice {
    private static final Trouble STOPPED = new Trouble(Trouble.Kind.NOT_OWNER, "the machine is stopped");

    private final int id;
    private final Loop loop;
    private final BooleanSupplier counts;
    private volatile long size;

    /** {@code counts}, asked on the loop: whether the machine that this volume was made for is still the one here. */
    VolumeShell(int id, long size, Loop loop, BooleanSupplier counts) {
        this.id = id;
        this.size = size;
        this.loop = loop;
        this.counts = counts;
    }

    int id() {
        return id;
    }

    @Override
    public long size() {
        return size;
    }

    /** The storage says that the volume is so large now. Whoever is connected sees it with the next connection. */
    void grownTo(long bytes) {
        size = bytes;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        int length = target.remaining();
        target.put(this.<ByteBuffer>ask((host, reply) -> host.read(id, offset, length, reply)));
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
        // The host keeps it until it is flushed, and whoever calls uses the buffer again.
        ByteBuffer data =
                ByteBuffer.allocate(source.remaining()).put(source).flip().asReadOnlyBuffer();
        this.<Done>ask((host, reply) -> host.write(id, offset, data, fua, reply));
    }

    @Override
    public void trim(long offset, long length, boolean fua) throws IOException {
        this.<Done>ask((host, reply) -> host.trim(id, offset, length, fua, reply));
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
        this.<Done>ask((host, reply) -> host.writeZeroes(id, offset, length, noHole, fua, reply));
    }

    @Override
    public void flush() throws IOException {
        this.<Done>ask(Host::flush);
    }

    private <T> T ask(BiConsumer<Host, Awaited<T>> request) throws IOException {
        Awaited<T> reply = new Awaited<>();
        loop.post(() -> {
            if (counts.getAsBoolean()) {
                request.accept(loop.host(), reply);
            } else {
                reply.failed(STOPPED);
            }
        });
        Trouble why = reply.await();
        if (why != null) {
            throw Troubles.toNbd(why);
        }
        return reply.result();
    }

    /** The same volume for those who only look. */
    BlockDevice readOnlyView() {
        return new ReadOnlyView(this);
    }

    /** A connection ends; the volume stays. */
    @Override
    public void close() {}
}
