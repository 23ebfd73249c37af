package dev.unwrite.conformance.cluster;

import dev.unwrite.conformance.cluster.Request.Asked;
import dev.unwrite.host.Done;
import dev.unwrite.host.OldData;
import dev.unwrite.host.SharedStorage;
import dev.unwrite.host.Trouble;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageCore;
import dev.unwrite.storage.StorageCore.Answer;
import dev.unwrite.storage.StorageCore.Denial;
import dev.unwrite.storage.StorageCore.Input;
import dev.unwrite.storage.StorageObserver;
import dev.unwrite.storage.StorageState;
import dev.unwrite.store.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The shared storage: the real {@link StorageCore} over blocks in memory with a volatile cache, and the ways there. */
final class SimStorage {
    /** What it calls itself. */
    static final String ID = "storage-1";

    private static final String GROUP = "vm";

    private final StorageObserver observer;
    private final Counts counts;
    private final Consumer<Supplier<String>> log;
    private final BiConsumer<OwnershipRecord, OwnershipRecord> changed;
    final SharedDisk disk = new SharedDisk();
    final StorageFaults faults = new StorageFaults();
    /** Requests that have not arrived yet. */
    final List<Request<?>> wire = new ArrayList<>();
    /** Answers that have not arrived yet. */
    final List<Sent> answers = new ArrayList<>();

    private final Map<Long, StorageClient> sessions = new HashMap<>();
    private StorageState state = StorageState.started(OwnershipRecord.INITIAL);
    private long boot = 1;
    private long lastSession;
    private long changes;
    private long failedWrite;
    private Slip slip = Slip.NONE;

    /** An answer on its way; {@code to} is null for word that the storage hung up. */
    record Sent(
            StorageClient client, long session, @Nullable Request<?> to, Runnable tell) {}

    /** {@code changed} is told of each change of the record: what it was, and what it is. */
    SimStorage(
            StorageObserver observer,
            Counts counts,
            Consumer<Supplier<String>> log,
            BiConsumer<OwnershipRecord, OwnershipRecord> changed) {
        this.log = log;
        this.changed = changed;
        this.observer = observer;
        this.counts = counts;
        booted();
    }

    void slip(Slip planted) {
        slip = planted;
    }

    private void booted() {
        List<String> names = new ArrayList<>();
        for (Cells.Volume volume : Cells.VOLUMES) {
            while (names.size() < volume.id()) {
                names.add("");
            }
            names.add(volume.name());
        }
        observer.booted(GROUP, ID, boot, record(), names);
    }

    OwnershipRecord record() {
        return state.record();
    }

    /** Grows whenever the record or a block changes. */
    long changes() {
        return changes;
    }

    boolean isNewest(String host, long session) {
        return state.find(host, session) != null;
    }

    /** Whether a write of this session has failed: nobody knows what is left of it until another session has repaired it. */
    boolean hasFailedWrite(long session) {
        return failedWrite == session;
    }

    /** Whether the client waits for an answer in a session that is as it should be. */
    boolean isAskedInASession(StorageClient client) {
        return Stream.concat(wire.stream(), answers.stream().map(Sent::to).filter(Objects::nonNull))
                .anyMatch(request -> request.from == client
                        && request.session != 0
                        && !request.isAbandoned()
                        && !client.isBroken(request.session));
    }

    // ---- The ways there and back.

    void ask(Request<?> request) {
        if (request.from.isClosed(request.session)) {
            return;
        }
        if (request.from.isBroken(request.session) || faults.isUnreachable(request.from.process.index)) {
            request.abandon();
            answer(request, request.fail(Trouble.Kind.LOST, StorageClient.lost().text()));
        } else {
            wire.add(request);
            request.from.process.witness().asked(request);
        }
    }

    /** The request arrives, and is carried out or not. */
    void arrive(Request<?> request) {
        wire.remove(request);
        if (faults.isUnreachable(request.from.process.index)) {
            if (request.abandon()) {
                answer(
                        request,
                        request.fail(Trouble.Kind.LOST, StorageClient.lost().text()));
            }
            return;
        }
        if (request.session != 0 && !request.isAbandoned() && faults.loses(false)) {
            // It is still on its way when its connection breaks.
            wire.add(request);
            breakOff(request.from, request.session);
            return;
        }
        Runnable tell = request.carryOut();
        request.from.process.witness().arrived(request, this);
        log.accept(() -> request + (request.isAbandoned() ? ", which nobody waits for" : ""));
        if (!request.isAbandoned()) {
            answer(request, tell);
            if (request.session != 0 && faults.loses(true)) {
                breakOff(request.from, request.session);
            }
        }
    }

    private void answer(Request<?> request, Runnable tell) {
        answers.add(new Sent(request.from, request.session, request, tell));
    }

    /** The answer arrives, if anybody is there. */
    void deliver(Sent sent) {
        if (sent.client.isAlive() && sent.client.process.isFrozen()) {
            return;
        }
        answers.remove(sent);
        if (sent.client.isAlive() && !sent.client.isClosed(sent.session)) {
            sent.client.process.turn(sent.tell);
        }
    }

    /** Whether the answer has somebody to arrive at. */
    static boolean isAwaited(Sent sent) {
        return sent.client.isAlive() && !sent.client.isClosed(sent.session);
    }

    /** The host gave the session up. What is on its way stays there, and nobody waits for it. */
    void closed(StorageClient client, long session) {
        for (Request<?> request : wire) {
            if (request.from == client && request.session == session) {
                request.abandon();
            }
        }
        answers.removeIf(sent -> sent.client == client && sent.session == session);
    }

    /** The connections of a session break. What is on its way may arrive still; no answer does. */
    void breakOff(StorageClient client, long session) {
        if (client.isBroken(session)) {
            return;
        }
        client.broke(session);
        boolean idle = true;
        for (Request<?> request : wire) {
            if (request.from == client && request.session == session && request.abandon()) {
                idle = false;
                answer(
                        request,
                        request.fail(Trouble.Kind.LOST, StorageClient.lost().text()));
            }
        }
        for (int i = 0; i < answers.size(); i++) {
            Sent sent = answers.get(i);
            Request<?> to = sent.to;
            if (sent.client == client && sent.session == session && to != null) {
                idle = false;
                answers.set(
                        i,
                        new Sent(
                                client,
                                session,
                                to,
                                to.fail(Trouble.Kind.LOST, StorageClient.lost().text())));
            }
        }
        if (idle) {
            Runnable tell = () -> client.process.host().hungUp(session, StorageClient.lost());
            answers.add(new Sent(client, session, null, tell));
        }
    }

    /** The way between a host and the storage is cut, for as long as that is so. */
    void cutOff(int host, boolean cut) {
        faults.cutOff(host, cut);
        if (cut) {
            hangUp(host);
        }
    }

    /** The connections of all sessions of a host break. */
    void hangUp(int host) {
        sessions.forEach((session, client) -> {
            if (client.process.index == host && client.isAlive()) {
                breakOff(client, session);
            }
        });
    }

    // ---- What it does.

    Outcome<OwnershipRecord> readRecord() {
        return done(record());
    }

    Outcome<SharedStorage.Session> open(StorageClient client, long term) {
        if (faults.isNameInUse(client.process.index)) {
            return failed(Trouble.Kind.NAME_IN_USE, "the name " + client.host() + " is in use");
        }
        if (faults.isDead()) {
            return failed(Trouble.Kind.FAILED, "the storage's disk failed");
        }
        StorageCore.Step step =
                StorageCore.step(state, new Input.Open(client.host(), term, boot << 32 | ++lastSession));
        if (!(step.answer() instanceof Answer.Opened opened)) {
            return failed(Trouble.Kind.INVALID, step.answer().toString());
        }
        state = step.state();
        observer.sessionOpened(GROUP, opened.session(), opened.ended());
        for (Session ended : opened.ended()) {
            StorageClient of = sessions.remove(ended.number());
            if (of != null) {
                breakOff(of, ended.number());
            }
        }
        long number = opened.session().number();
        sessions.put(number, client);
        List<SharedStorage.Volume> volumes = Cells.VOLUMES.stream()
                .map(v -> new SharedStorage.Volume(v.id(), v.name(), v.sizeBytes()))
                .toList();
        return done(new SharedStorage.Session(number, boot, ID, record(), volumes));
    }

    Outcome<SharedStorage.Changed> change(String host, long session, long expect, OwnershipRecord next) {
        OwnershipRecord before = record();
        StorageCore.Step step = StorageCore.step(state, new Input.Cas(host, session, expect, next));
        return switch (step.answer()) {
            case Answer.Compared compared -> {
                state = step.state();
                if (compared.ok()) {
                    Violation.require("OneOwner", before.version() == expect, () -> "a record was replaced unseen");
                    changes++;
                    changed.accept(before, record());
                    Session by = state.find(host, session);
                    if (by != null) {
                        observer.recordChanged(GROUP, by, record());
                    }
                }
                yield done(new SharedStorage.Changed(compared.ok(), compared.record()));
            }
            case Answer.Denied denied -> {
                refused(host, session, StorageObserver.Asked.RECORD);
                yield denied(denied.denial());
            }
            default -> failed(Trouble.Kind.INVALID, step.answer().toString());
        };
    }

    Outcome<ByteBuffer> read(String host, long session, int volume, long offset, int length) {
        Denial denial = StorageCore.denyRead(state, host, session);
        if (denial != null) {
            return denied(denial);
        }
        Trouble.Kind failure = faults.failure(Asked.READ);
        if (failure != null) {
            return broken(failure);
        }
        return done(ByteBuffer.wrap(disk.read(volume, offset, length)));
    }

    Outcome<OldData> readOld(String host, long session, long epoch, Extent extent) {
        Denial denial = StorageCore.denyRead(state, host, session);
        if (denial != null) {
            return denied(denial);
        }
        Trouble.Kind failure = faults.failure(Asked.READ_OLD);
        if (failure != null) {
            return broken(failure);
        }
        OldData old = disk.readOld(extent);
        old.parts().forEach(part -> tellRead(session, epoch, extent.volume(), part));
        return done(old);
    }

    private void tellRead(long session, long epoch, int volume, OldData.Part part) {
        Extent extent = new Extent(volume, part.first(), part.count());
        observer.readForCopy(new StorageObserver.Read(
                GROUP,
                Cells.volume(volume).name(),
                session,
                epoch,
                extent.offsetBytes(),
                extent.lengthBytes(),
                part.data()));
    }

    Outcome<Done> write(String host, long session, Extent extent, @Nullable ByteBuffer data, boolean fua) {
        Denial denial = slip == Slip.NOT_FENCED ? null : StorageCore.denyWrite(state, host, session);
        if (denial != null) {
            refused(host, session, StorageObserver.Asked.WRITE);
            return denied(denial);
        }
        if (!disk.contains(extent)) {
            return failed(Trouble.Kind.INVALID, extent + " is beyond the end");
        }
        int bits = faults.bits(Asked.WRITE);
        Trouble.Kind failure = faults.failure(Asked.WRITE);
        boolean certain = failure == null;
        failedWrite = certain ? failedWrite : session;
        // Of one that failed, nothing is written, the first part, or all.
        int bytes = (int) (certain ? extent.lengthBytes() : extent.lengthBytes() * (bits % 3) / 2);
        boolean durable = certain && fua && slip != Slip.FUA_IGNORED;
        disk.write(extent, data, bytes, durable);
        changes++;
        observer.written(new StorageObserver.Write(
                GROUP,
                Cells.volume(extent.volume()).name(),
                session,
                -1,
                data == null ? StorageObserver.Kind.ZERO : StorageObserver.Kind.WRITE,
                extent.offsetBytes(),
                extent.lengthBytes(),
                data == null ? null : data.duplicate(),
                certain));
        if (durable) {
            observer.destaged(GROUP, List.of(extent));
        }
        Session by = state.find(host, session);
        Violation.require(
                "OneOwner",
                by != null && record().owner().equals(host) && record().term() == by.term(),
                () -> "a write of " + host + " in session " + session + " was applied, and the record is " + record());
        return failure == null ? done(Done.DONE) : broken(failure);
    }

    Outcome<Done> flush(StorageClient client, long session) {
        String host = client.host();
        Denial denial = StorageCore.denyRead(state, host, session);
        if (denial != null) {
            refused(host, session, StorageObserver.Asked.FLUSH);
            return denied(denial);
        }
        int bits = faults.bits(Asked.FLUSH);
        Trouble.Kind failure = faults.failure(Asked.FLUSH);
        if (failure != null) {
            // Nothing works any more until it is started again, and that begins with what is durable.
            crash(bits);
            return broken(failure);
        }
        if (slip != Slip.FLUSH_FORGOTTEN) {
            disk.flush();
            changes++;
        }
        Cells.VOLUMES.forEach(volume -> observer.flushed(GROUP, volume.name(), session));
        return done(Done.DONE);
    }

    private void refused(String host, long session, StorageObserver.Asked asked) {
        observer.refused(new StorageObserver.Refusal(GROUP, host, session, record().term(), asked));
    }

    private static <T> Outcome<T> done(T result) {
        return new Outcome<>(result, null);
    }

    private static <T> Outcome<T> failed(Trouble.Kind kind, String why) {
        return new Outcome<>(null, new Trouble(kind, why));
    }

    private <T> Outcome<T> broken(Trouble.Kind kind) {
        counts.faults++;
        return failed(
                kind, kind == Trouble.Kind.NO_SPACE ? "no space left at the storage" : "the storage's disk failed");
    }

    private static <T> Outcome<T> denied(Denial denial) {
        boolean over = denial == Denial.ENDED || denial == Denial.FENCED;
        return failed(over ? Trouble.Kind.ENDED : Trouble.Kind.NOT_OWNER, "denied: " + denial);
    }

    // ---- What happens to it.

    void destage(int choice) {
        Extent extent = disk.destage(choice);
        if (extent != null) {
            changes++;
            observer.destaged(GROUP, List.of(extent));
        }
    }

    /** All sessions end; what was not flushed is lost, as far as bits say. It is there again at once. */
    void crash(int bits) {
        counts.storageCrashes++;
        observer.lost(GROUP, disk.crash(bits));
        boot++;
        lastSession = 0;
        changes++;
        state = StorageCore.step(state, new Input.LoseCache()).state();
        faults.restarted();
        Map<Long, StorageClient> ended = new HashMap<>(sessions);
        sessions.clear();
        ended.keySet().stream()
                .sorted()
                .forEach(session -> breakOff(java.util.Objects.requireNonNull(ended.get(session)), session));
        // What was asked outside of a session.
        for (Request<?> request : wire) {
            if (request.abandon()) {
                answer(
                        request,
                        request.fail(Trouble.Kind.LOST, StorageClient.lost().text()));
            }
        }
        wire.clear();
        booted();
    }

    @Override
    public String toString() {
        OwnershipRecord r = record();
        return "record " + r.version() + ": term " + r.term() + ", owner " + r.owner() + ", "
                + r.mode().wire()
                + (r.secondary().isEmpty() ? "" : ", secondary " + r.secondary()) + ", base " + r.base()
                + "; on the wire "
                + wire + ", answers "
                + answers.stream().map(sent -> String.valueOf(sent.to)).toList();
    }
}
