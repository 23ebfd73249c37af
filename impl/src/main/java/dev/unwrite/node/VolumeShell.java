package dev.unwrite.node;

import dev.unwrite.host.Done;
import dev.unwrite.host.Host;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Trouble;
import dev.unwrite.nbd.AsyncDevice;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.Completion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A protected volume as the machine sees it: each request goes to the host. A client of NBD is served by the loop, and its
 * reply is an event; a machine in this process waits for it on its own thread.
 */
final class VolumeShell implements BlockDevice, AsyncDevice {
    private static final Trouble STOPPED = new Trouble(Trouble.Kind.NOT_OWNER, "the machine is stopped");

    private final int id;
    private final Loop loop;
    private final BooleanSupplier counts;
    private final AtomicInteger underWay = new AtomicInteger();
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

    // ---- On the loop.

    @Override
    public void read(long offset, int length, Completion<ByteBuffer> answer) {
        this.<ByteBuffer>ask(answer, (host, reply) -> host.read(id, offset, length, reply));
    }

    @Override
    public void write(long offset, ByteBuffer source, boolean fua, Completion<Boolean> answer) {
        change(answer, (host, reply) -> host.write(id, offset, source, fua, reply));
    }

    @Override
    public void trim(long offset, long length, boolean fua, Completion<Boolean> answer) {
        change(answer, (host, reply) -> host.trim(id, offset, length, fua, reply));
    }

    @Override
    public void writeZeroes(long offset, long length, boolean noHole, boolean fua, Completion<Boolean> answer) {
        change(answer, (host, reply) -> host.writeZeroes(id, offset, length, noHole, fua, reply));
    }

    @Override
    public void flush(Completion<Boolean> answer) {
        change(answer, Host::flush);
    }

    private void change(Completion<Boolean> answer, BiConsumer<Host, Reply<Done>> request) {
        this.<Done>ask(done -> answer.done(true), answer, request);
    }

    private <T> void ask(Completion<T> answer, BiConsumer<Host, Reply<T>> request) {
        ask(answer::done, answer, request);
    }

    private <T> void ask(Consumer<T> done, Completion<?> answer, BiConsumer<Host, Reply<T>> request) {
        underWay.incrementAndGet();
        Reply<T> reply = Reply.of(
                result -> {
                    underWay.decrementAndGet();
                    done.accept(result);
                },
                why -> {
                    underWay.decrementAndGet();
                    answer.failed(Troubles.toNbd(why).error(), why.text());
                });
        ask(reply, request);
    }

    private <T> void ask(Reply<T> reply, BiConsumer<Host, Reply<T>> request) {
        if (counts.getAsBoolean()) {
            request.accept(loop.host(), reply);
        } else {
            reply.failed(STOPPED);
        }
    }

    /** Whether a request of a client of NBD waits for its answer. Any thread may ask. */
    boolean isAsked() {
        return underWay.get() > 0;
    }

    // ---- For threads that may block.

    private <T> T ask(BiConsumer<Host, Awaited<T>> request) throws IOException {
        Awaited<T> reply = new Awaited<>();
        loop.post(() -> ask(reply, (host, same) -> request.accept(host, reply)));
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
