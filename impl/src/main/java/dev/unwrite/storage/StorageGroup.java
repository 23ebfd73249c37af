package dev.unwrite.storage;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.NbdConnection;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.StorageCore.Answer;
import dev.unwrite.storage.StorageCore.Denial;
import dev.unwrite.storage.StorageCore.Input;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The shell around {@link StorageCore} for one group.
 *
 * <p>What changes who may write (open, compare-and-set, a lost cache) holds the lock alone; a write holds it shared
 * from its admission until it is applied. So when such a change takes effect, every write that the old state admitted
 * is finished, and every later one is judged by the new state. The new record is durable before it is in effect.
 */
final class StorageGroup {
    private final String name;
    /** By name, in the order of their ids. */
    private final SequencedMap<String, Volume> volumes;

    private final RecordStore store;
    private final SessionNumbers numbers;
    private final Hosts hosts;
    private final StorageObserver observer;
    private final Consumer<String> log;
    private final RateLimitedLog refusals;

    private final StampedLock lock = new StampedLock();
    /** Held around each effect and the observer's call for it, only while there is an observer. */
    private final ReentrantLock observed = new ReentrantLock();

    private final Map<Long, Set<NbdConnection>> connections = new HashMap<>();
    private volatile StorageState state;
    private volatile @Nullable String broken;

    StorageGroup(
            String name,
            SequencedMap<String, Volume> volumes,
            RecordStore store,
            SessionNumbers numbers,
            StorageObserver observer,
            Consumer<String> log) {
        this.name = name;
        this.volumes = volumes;
        this.store = store;
        this.numbers = numbers;
        this.hosts = new Hosts(name, store, System::nanoTime);
        this.observer = observer;
        this.log = log;
        this.refusals = new RateLimitedLog(log);
        this.state = StorageState.started(store.read(name));
        tellBooted(numbers.boot());
    }

    String name() {
        return name;
    }

    SequencedMap<String, Volume> volumes() {
        return volumes;
    }

    OwnershipRecord record() throws StorageOpException {
        checkNotBroken();
        return state.record();
    }

    /** The session and the record at its opening. */
    record Opened(Session session, OwnershipRecord record) {}

    /** Hears somebody out over a connection; throws with code TAKEN or ALIVE if he is not to be answered. */
    Hosts.@Nullable Heard hear(Caller who, NbdConnection connection) throws IOException {
        try {
            return hosts.hear(who, connection);
        } catch (StorageOpException e) {
            refusals.log("group " + name + ": refused host " + who.host() + ": " + e.getMessage());
            throw e;
        }
    }

    /** For a host that says no more than its name. */
    Opened open(String host, long term) throws IOException {
        return open(Caller.of(name, host), null, term);
    }

    /**
     * On return no write of the host's earlier sessions is under way, nor will one ever be applied, and the host's name is
     * this folder's, durable. Throws with code TAKEN or ALIVE if it cannot be.
     */
    Opened open(Caller who, @Nullable NbdConnection connection, long term) throws IOException {
        String host = who.host();
        Opened opened;
        List<Session> ended;
        long stamp = lock.writeLock();
        try {
            checkServing();
            claim(who, connection);
            StorageCore.Step step = StorageCore.step(state, new Input.Open(host, term, numbers.next()));
            if (!(step.answer() instanceof Answer.Opened answer)) {
                throw unexpected(step.answer());
            }
            state = step.state();
            opened = new Opened(answer.session(), state.record());
            ended = answer.ended();
            if (observer.active()) {
                observer.sessionOpened(name, answer.session(), ended);
            }
        } finally {
            lock.unlockWrite(stamp);
        }
        log.accept("group " + name + ": host " + host + " opened session "
                + show(opened.session().number()) + " for term " + term
                + (ended.isEmpty() ? "" : ", which ends " + show(ended)));
        disconnect(ended);
        return opened;
    }

    /** Binds a connection to a session; it is closed when the session ends. False if that is so already. */
    boolean attach(Binding binding, NbdConnection connection) throws StorageOpException {
        long stamp = lock.readLock();
        try {
            checkNotBroken();
            Input attach = new Input.Attach(binding.host(), binding.session());
            if (!(StorageCore.step(state, attach).answer() instanceof Answer.Allowed)) {
                return false;
            }
            synchronized (connections) {
                connections
                        .computeIfAbsent(binding.session(), number -> new HashSet<>())
                        .add(connection);
            }
        } finally {
            lock.unlockRead(stamp);
        }
        connection.attach(binding);
        connection.onEnd(() -> forget(binding.session(), connection));
        return true;
    }

    /** The outcome of a compare-and-set; {@code ended}: the session no longer counts, and nothing was compared. */
    record Compared(boolean ok, boolean ended, OwnershipRecord record) {}

    /**
     * Compares and sets. On return of ok, the record is durable, and no write of a lower term is under way, nor will
     * one ever be applied.
     */
    Compared compareAndSet(String host, long session, long expect, OwnershipRecord proposed) throws StorageOpException {
        Compared compared;
        long stamp = lock.writeLock();
        try {
            checkNotBroken();
            StorageState before = state;
            StorageCore.Step step = StorageCore.step(before, new Input.Cas(host, session, expect, proposed));
            compared = switch (step.answer()) {
                case Answer.Compared answer -> new Compared(answer.ok(), false, answer.record());
                case Answer.Denied denied -> {
                    tellRefused(host, session, StorageObserver.Asked.RECORD);
                    yield new Compared(false, true, before.record());
                }
                case Answer answer -> throw unexpected(answer);
            };
            if (compared.ok()) {
                persist(expect, compared.record());
                state = step.state();
                Session by = state.find(host, session);
                if (observer.active() && by != null) {
                    observer.recordChanged(name, by, compared.record());
                }
            }
        } finally {
            lock.unlockWrite(stamp);
        }
        if (compared.ok()) {
            log.accept("group " + name + ": " + show(compared.record()) + ", set by host " + host + " in session "
                    + show(session));
        }
        return compared;
    }

    private void claim(Caller who, @Nullable NbdConnection connection) throws StorageOpException {
        String before = folderOf(who.host());
        store(() -> hosts.claim(who, connection));
        if (!before.isEmpty() && !before.equals(who.folder())) {
            log.accept("group " + name + ": the name " + who.host() + " belongs to another data folder from now on");
        }
    }

    private String folderOf(String host) throws StorageOpException {
        try {
            return store.memory(name).folders().getOrDefault(host, "");
        } catch (IOException e) {
            throw new StorageOpException(StorageOpException.Code.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    private void persist(long expect, OwnershipRecord next) throws StorageOpException {
        store(() -> {
            if (!store.compareAndSet(name, expect, next)) {
                throw new IllegalStateException("the stored record of " + name + " is not the one in memory");
            }
        });
    }

    /** Something that is durable when it is done. */
    private interface Storing {
        void run() throws IOException;
    }

    private void store(Storing storing) throws StorageOpException {
        try {
            storing.run();
        } catch (StorageOpException e) {
            throw e;
        } catch (RecordFile.UncertainException e) {
            // Only a restart can tell which record holds, so until then nobody may act on either.
            broken = String.valueOf(e.getMessage());
            log.accept("group " + name + ": stopped: " + e.getMessage() + "; start the storage again");
            throw new StorageOpException(StorageOpException.Code.UNCERTAIN, broken + "");
        } catch (IOException e) {
            log.accept("group " + name + ": the record could not be stored: " + e);
            throw new StorageOpException(
                    StorageOpException.Code.UNAVAILABLE, "the record could not be stored: " + e.getMessage());
        }
    }

    /**
     * A backend came back, or will, without what was not flushed: all sessions end under a higher boot number, durable
     * on return, so that the owner opens a new one and sees that it has to write again (rule ReplayUnflushed).
     */
    void loseCache() throws IOException {
        List<Session> ended;
        long boot;
        long stamp = lock.writeLock();
        try {
            boot = store.nextBoot();
            numbers.rebooted(boot);
            StorageCore.Step step = StorageCore.step(state, new Input.LoseCache());
            ended = step.answer() instanceof Answer.Lost lost ? lost.ended() : List.of();
            state = step.state();
            tellBooted(boot);
        } finally {
            lock.unlockWrite(stamp);
        }
        log.accept("group " + name + ": all sessions ended, boot number is now " + boot);
        disconnect(ended);
    }

    void read(Binding binding, Volume volume, long offset, ByteBuffer target) throws IOException {
        binding.isAlive();
        admitRead(binding);
        volume.backend().read(offset, target);
        // What a fenced owner reads may be of the new owner's making, so it must not see it.
        admitRead(binding);
    }

    List<Allocation> allocation(Binding binding, Volume volume, long offset, long length) throws IOException {
        admitRead(binding);
        List<Allocation> told = volume.backend().allocation(offset, length);
        admitRead(binding);
        return told;
    }

    /** As {@link #read}, and tells the observer. */
    void readForCopy(Binding binding, Volume volume, long epoch, long offset, ByteBuffer target) throws IOException {
        int from = target.position();
        observed(() -> {
            read(binding, volume, offset, target);
            ByteBuffer data = target.asReadOnlyBuffer().flip().position(from);
            tellRead(binding, volume, epoch, offset, data.remaining(), data);
            return data;
        });
    }

    /** As {@link #allocation}, and tells the observer of zeroes: they need not be read. */
    List<Allocation> allocationForCopy(Binding binding, Volume volume, long epoch, long offset, long length)
            throws IOException {
        return observed(() -> {
            List<Allocation> told = allocation(binding, volume, offset, length);
            long at = offset;
            for (Allocation part : told) {
                if (part.zero()) {
                    tellRead(binding, volume, epoch, at, part.length(), null);
                }
                at += part.length();
            }
            return told;
        });
    }

    /** Whole blocks of what was read. */
    private void tellRead(
            Binding binding, Volume volume, long epoch, long offset, long length, @Nullable ByteBuffer data) {
        long first = Math.ceilDiv(offset, (long) Extent.BLOCK_BYTES) * Extent.BLOCK_BYTES;
        long bytes = (offset + length) / Extent.BLOCK_BYTES * Extent.BLOCK_BYTES - first;
        if (bytes > 0) {
            ByteBuffer blocks = data == null ? null : data.slice(data.position() + (int) (first - offset), (int) bytes);
            observer.readForCopy(
                    new StorageObserver.Read(name, volume.name(), binding.session(), epoch, first, bytes, blocks));
        }
    }

    /** Something that a session sees, and that is told of. */
    private interface Observed<T> {
        T run() throws IOException;
    }

    /** No write and no new session comes between what was seen and what is told of it. */
    private <T> T observed(Observed<T> seen) throws IOException {
        long stamp = lock.readLock();
        observed.lock();
        try {
            return seen.run();
        } finally {
            observed.unlock();
            lock.unlockRead(stamp);
        }
    }

    void flush(Binding binding, Volume volume) throws IOException {
        binding.isAlive();
        admitFlush(binding);
        if (observer.active()) {
            observedFlush(binding, volume);
        } else {
            volume.backend().flush();
        }
        admitRead(binding);
    }

    private void observedFlush(Binding binding, Volume volume) throws IOException {
        observed(() -> {
            volume.backend().flush();
            observer.flushed(name, volume.name(), binding.session());
            return volume;
        });
    }

    /** Something that changes bytes of a backend. */
    interface Change {
        void apply(Backend backend) throws IOException;
    }

    /** Applies a change if the session may write; {@code write} says what to tell the observer. */
    void change(Binding binding, Volume volume, Change change, StorageObserver.@Nullable Write write)
            throws IOException {
        binding.isAlive();
        long stamp = lock.readLock();
        try {
            admitWrite(binding);
            if (write == null) {
                change.apply(volume.backend());
            } else {
                observedChange(volume, change, write);
            }
        } finally {
            lock.unlockRead(stamp);
        }
    }

    private void observedChange(Volume volume, Change change, StorageObserver.Write write) throws IOException {
        observed.lock();
        boolean certain = false;
        try {
            change.apply(volume.backend());
            certain = true;
        } finally {
            observer.written(certain ? write : write.uncertain());
            observed.unlock();
        }
    }

    boolean isObserved() {
        return observer.active();
    }

    /** A session that may not flush never may again, so it is as true under the lock as it was before. */
    private void admitFlush(Binding binding) throws NbdException {
        try {
            admitRead(binding);
        } catch (NbdException e) {
            long stamp = lock.readLock();
            try {
                if (StorageCore.denyRead(state, binding.host(), binding.session()) != null) {
                    tellRefused(binding.host(), binding.session(), StorageObserver.Asked.FLUSH);
                }
            } finally {
                lock.unlockRead(stamp);
            }
            throw e;
        }
    }

    /** Holding the lock, so that what refused the request is still so. A stranger only reads: nobody fenced it. */
    private void tellRefused(String host, long session, StorageObserver.Asked asked) {
        if (!observer.active() || session == StorageCore.NO_SESSION) {
            return;
        }
        observed.lock();
        try {
            observer.refused(new StorageObserver.Refusal(
                    name, host, session, state.record().term(), asked));
        } finally {
            observed.unlock();
        }
    }

    private void admitRead(Binding binding) throws NbdException {
        if (broken != null) {
            throw new NbdException(NbdError.EIO, "group " + name + " is stopped: " + broken);
        }
        Denial denial = StorageCore.denyRead(state, binding.host(), binding.session());
        if (denial != null) {
            throw denied(binding, denial, "read");
        }
    }

    private void admitWrite(Binding binding) throws NbdException {
        if (broken != null) {
            throw new NbdException(NbdError.EIO, "group " + name + " is stopped: " + broken);
        }
        Denial denial = StorageCore.denyWrite(state, binding.host(), binding.session());
        if (denial != null) {
            tellRefused(binding.host(), binding.session(), StorageObserver.Asked.WRITE);
            throw denied(binding, denial, "write");
        }
    }

    private NbdException denied(Binding binding, Denial denial, String what) {
        String who = binding.session() == StorageCore.NO_SESSION
                ? "a client without a session"
                : "host " + binding.host() + " in session " + show(binding.session());
        String why = switch (denial) {
            case STRANGER -> "only reads";
            case NOT_OWNER -> "does not own the group in its term";
            case FENCED -> "is fenced by term " + state.record().term();
            case ENDED -> "has been ended by a newer session or a restart";
        };
        refusals.log("group " + name + ": refused a " + what + ": " + who + " " + why);
        boolean over = denial == Denial.FENCED || denial == Denial.ENDED;
        return new NbdException(over ? NbdError.ESHUTDOWN : NbdError.EPERM, who + " " + why);
    }

    private void checkNotBroken() throws StorageOpException {
        String why = broken;
        if (why != null) {
            throw new StorageOpException(StorageOpException.Code.UNAVAILABLE, "group " + name + " is stopped: " + why);
        }
    }

    private void checkServing() throws StorageOpException {
        checkNotBroken();
        for (Volume volume : volumes.values()) {
            if (!volume.backend().up()) {
                throw new StorageOpException(
                        StorageOpException.Code.UNAVAILABLE, "the backend of volume " + volume.name() + " is down");
            }
        }
    }

    private static StorageOpException unexpected(Answer answer) {
        String why = answer instanceof Answer.Rejected rejected ? rejected.why() : "unexpected " + answer;
        return new StorageOpException(StorageOpException.Code.INVALID, why);
    }

    private void tellBooted(long boot) {
        if (observer.active()) {
            observer.booted(name, store.id(), boot, state.record(), namesById());
        }
    }

    /** An empty name stands for a volume that is no more. */
    private List<String> namesById() {
        List<String> names = new ArrayList<>();
        for (Volume volume : volumes.values()) {
            while (names.size() < volume.id()) {
                names.add("");
            }
            names.add(volume.name());
        }
        return names;
    }

    private void disconnect(List<Session> ended) {
        List<NbdConnection> closing = new ArrayList<>();
        synchronized (connections) {
            for (Session session : ended) {
                Set<NbdConnection> its = connections.remove(session.number());
                if (its != null) {
                    closing.addAll(its);
                }
            }
        }
        closing.forEach(NbdConnection::close);
    }

    private void forget(long session, NbdConnection connection) {
        synchronized (connections) {
            Set<NbdConnection> its = connections.get(session);
            if (its != null && its.remove(connection) && its.isEmpty()) {
                connections.remove(session);
            }
        }
    }

    private static String show(long session) {
        return (session >>> 32) + "." + (session & 0xffff_ffffL);
    }

    private static String show(List<Session> sessions) {
        List<String> shown = new ArrayList<>();
        sessions.forEach(session -> shown.add(show(session.number())));
        return String.join(", ", shown);
    }

    private static String show(OwnershipRecord record) {
        return "term " + record.term() + ", owner " + (record.owner().isEmpty() ? "nobody" : record.owner()) + ", "
                + record.mode().wire()
                + (record.secondary().isEmpty() ? "" : ", secondary " + record.secondary())
                + ", version " + record.version();
    }
}
