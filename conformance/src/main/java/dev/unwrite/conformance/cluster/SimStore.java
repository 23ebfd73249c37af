package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Done;
import dev.unwrite.host.LocalStore;
import dev.unwrite.host.OldData;
import dev.unwrite.host.Reply;
import dev.unwrite.store.LocalDisk;
import dev.unwrite.store.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The disk of a host: orders wait in a queue, are carried out in order when a move says so, and are answered later. */
final class SimStore implements LocalStore {
    private final SimHost process;
    private final LocalDisk disk;
    private final SimDisk platter;
    private final Deque<Job> jobs = new ArrayDeque<>();
    private final Deque<Runnable> answers = new ArrayDeque<>();
    private final Slip slip;

    /** Something to do; an append can be done together with others. */
    private record Job(@Nullable Append append, Runnable run) {}

    private record Append(LocalDisk.Append copies, Reply<Stored> reply) {}

    private interface Order<T> {
        Outcome<T> carryOut();
    }

    SimStore(SimHost process, LocalDisk disk, SimDisk platter, Slip slip) {
        this.process = process;
        this.disk = disk;
        this.platter = platter;
        this.slip = slip;
    }

    private <T> void order(Order<T> order, Reply<T> reply) {
        jobs.add(new Job(null, () -> answer(order.carryOut(), reply)));
    }

    private <T> void answer(Outcome<T> outcome, Reply<T> reply) {
        if (outcome.why() != null) {
            process.counts().faults++;
        }
        answers.add(() -> outcome.tell(reply));
    }

    boolean hasJobs() {
        return !jobs.isEmpty();
    }

    boolean hasAnswers() {
        return !answers.isEmpty();
    }

    int jobs() {
        return jobs.size();
    }

    /** Does the next job, or so many appends that follow one another. A disk that dies meanwhile is seen by the caller. */
    void work(int most) {
        Job job = jobs.poll();
        if (job == null) {
            return;
        }
        process.probe();
        work(job, most);
        process.probed();
    }

    private void work(Job job, int most) {
        if (job.append == null) {
            job.run.run();
            return;
        }
        List<Append> batch = new ArrayList<>(List.of(job.append));
        for (Job next = jobs.peek(); next != null && next.append != null && batch.size() < most; next = jobs.peek()) {
            batch.add(next.append);
            jobs.remove();
        }
        List<Outcome<Stored>> outcomes =
                disk.append(batch.stream().map(Append::copies).toList()).join();
        for (int i = 0; i < batch.size(); i++) {
            if (slip != Slip.STORED_TOO_EARLY) {
                answer(outcomes.get(i), batch.get(i).reply);
            }
        }
    }

    /** The host learns how the next order ended. A dead disk answers nothing: the process is about to end. */
    void tell() {
        if (!process.isRunning()) {
            return;
        }
        Runnable answer = answers.poll();
        if (answer != null && !platter.isDead()) {
            process.turn(answer);
        }
    }

    @Override
    public void append(long term, long epoch, OldData old, Reply<Stored> reply) {
        if (slip == Slip.STORED_TOO_EARLY) {
            answers.add(() -> reply.done(Stored.STORED));
        }
        jobs.add(new Job(new Append(new LocalDisk.Append(term, epoch, old), reply), () -> {}));
    }

    @Override
    public void discardBefore(long term, long epoch, Reply<Done> reply) {
        order(() -> disk.discardBefore(term, epoch).join(), reply);
    }

    @Override
    public void discardOthers(long term, Reply<Done> reply) {
        order(() -> disk.discardOthers(term), reply);
    }

    @Override
    public void discardAll(Reply<Done> reply) {
        order(() -> slip == Slip.NOT_DISCARDED ? new Outcome<>(Done.DONE, null) : disk.discardAll(), reply);
    }

    @Override
    public void settle(Reply<Settled> reply) {
        order(disk::settle, reply);
    }

    @Override
    public void beginState(long term, long epoch, long base, Reply<Done> reply) {
        order(() -> disk.beginState(term, epoch, base), reply);
    }

    @Override
    public void writeState(long term, long epoch, long offset, ByteBuffer bytes, Reply<Done> reply) {
        order(() -> disk.writeState(term, epoch, offset, bytes), reply);
    }

    @Override
    public void endState(long term, long epoch, long length, int crc32c, Reply<Done> reply) {
        order(() -> disk.endState(term, epoch, length, crc32c), reply);
    }

    @Override
    public void commitState(long term, long epoch, Reply<Done> reply) {
        order(
                () -> slip == Slip.COMMIT_FORGOTTEN ? new Outcome<>(Done.DONE, null) : disk.commitState(term, epoch),
                reply);
        jobs.add(new Job(null, disk::applyDelta));
    }

    @Override
    public void dropState(long term, long epoch) {
        jobs.add(new Job(null, () -> disk.dropState(term, epoch)));
    }

    @Override
    public void readBack(long term, long epoch) {
        jobs.add(new Job(null, () -> disk.readBack(term, epoch)));
    }

    @Override
    public void nextCopies(Reply<List<Copied>> reply) {
        order(() -> slip == Slip.COPY_FORGOTTEN ? withoutLast(disk.nextCopies()) : disk.nextCopies(), reply);
    }

    private static Outcome<List<Copied>> withoutLast(Outcome<List<Copied>> outcome) {
        List<Copied> copies = outcome.result();
        return copies == null || copies.isEmpty() ? outcome : new Outcome<>(copies.subList(0, copies.size() - 1), null);
    }

    @Override
    public void belongsTo(String storage, Reply<Done> reply) {
        order(() -> disk.belongsTo(storage), reply);
    }

    @Override
    public long position() {
        return disk.position();
    }

    @Override
    public long usedBytes() {
        return disk.usedBytes();
    }
}
