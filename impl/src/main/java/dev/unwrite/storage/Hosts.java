package dev.unwrite.storage;

import dev.unwrite.nbd.NbdConnection;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whose the names of a group's hosts are, and who of them is alive (rule OneLife).
 *
 * <p>A name belongs to the data folder that opened the first session with it, and that is durable. Of the processes that use
 * one folder, one at a time is heard: another gets a turn when no connection of the first is open, or when the first has been
 * silent on all of them for {@link #ALIVE_MILLIS}. The same holds for a folder that takes over another's name.
 */
final class Hosts {
    /** Who was heard within this time over a connection that is open is alive; a node asks six times as often. */
    static final long ALIVE_MILLIS = 3000;

    /** The most names of one group. */
    static final int NAMES_MAX = 64;

    private static final long ALIVE_NANOS = TimeUnit.MILLISECONDS.toNanos(ALIVE_MILLIS);

    private final String group;
    private final RecordStore store;
    private final LongSupplier nanos;
    private final Map<NbdConnection, Heard> connections = new HashMap<>();

    Hosts(String group, RecordStore store, LongSupplier nanos) {
        this.group = group;
        this.store = store;
        this.nanos = nanos;
    }

    /** Who spoke over a connection, and when it did so last. */
    static final class Heard {
        private final Caller who;
        private final LongSupplier nanos;
        private volatile long last;

        private Heard(Caller who, LongSupplier nanos) {
            this.who = who;
            this.nanos = nanos;
            touch();
        }

        /** The connection has asked for something. */
        void touch() {
            last = nanos.getAsLong();
        }
    }

    /**
     * Hears somebody out over a connection (null: a call within this process), or throws with code TAKEN or ALIVE if the name
     * is not his, or not now.
     */
    synchronized @Nullable Heard hear(Caller who, @Nullable NbdConnection connection) throws IOException {
        String owner = store.memory(group).folders().get(who.host());
        if (owner == null || owner.equals(who.folder())) {
            checkOneLife(who);
        } else if (!who.replace()) {
            throw taken(who);
        } else {
            checkDead(who, owner);
        }
        if (connection == null) {
            return null;
        }
        Heard heard = connections.get(connection);
        if (heard == null) {
            // Asked before it is kept: an end that comes at once must find it.
            heard = new Heard(who, nanos);
            connections.put(connection, heard);
            connection.onEnd(() -> forget(connection));
        } else if (!heard.who.equals(who)) {
            heard = new Heard(who, nanos);
            connections.put(connection, heard);
        }
        heard.touch();
        return heard;
    }

    /** As {@link #hear}; on return the name is this folder's, and that is durable. */
    synchronized void claim(Caller who, @Nullable NbdConnection connection) throws IOException {
        hear(who, connection);
        Map<String, String> folders = store.memory(group).folders();
        if (who.folder().equals(folders.get(who.host()))) {
            return;
        }
        if (folders.size() >= NAMES_MAX && !folders.containsKey(who.host())) {
            throw new StorageOpException(
                    StorageOpException.Code.TAKEN,
                    "group " + group + " knows " + NAMES_MAX
                            + " names of hosts and takes no more: start this node with the"
                            + " --name of one that is gone for good, and --replace (one of them is "
                            + folders.keySet().iterator().next() + ")");
        }
        store.claim(group, who.host(), who.folder());
    }

    private synchronized void forget(NbdConnection connection) {
        connections.remove(connection);
    }

    private void checkOneLife(Caller who) throws StorageOpException {
        Heard other = alive(who.host(), who.folder(), who.life());
        if (other != null) {
            throw new StorageOpException(
                    StorageOpException.Code.ALIVE,
                    "a process with this data folder runs already (host " + who.host() + " of group " + group + ", "
                            + ago(other)
                            + "): stop it, or give this node a --data and a --name of its own; a folder must"
                            + " not be copied to a second host");
        }
    }

    private void checkDead(Caller who, String owner) throws StorageOpException {
        Heard other = alive(who.host(), owner, null);
        if (other != null) {
            throw new StorageOpException(
                    StorageOpException.Code.ALIVE,
                    "the host that has the name " + who.host() + " of group " + group + " is alive (" + ago(other)
                            + "): stop it before --replace, or give this node its own --name");
        }
    }

    private StorageOpException taken(Caller who) {
        return new StorageOpException(
                StorageOpException.Code.TAKEN,
                "the name " + who.host() + " of group " + group
                        + " belongs to another data folder: give this node its own"
                        + " --name; if the host that had it is dead for good, start this one with --replace");
    }

    /** Who was heard last of those who use this folder in another life than {@code mine}, if he is alive. */
    private @Nullable Heard alive(String host, String folder, @Nullable Long mine) {
        long now = nanos.getAsLong();
        Heard found = null;
        for (Map.Entry<NbdConnection, Heard> each : connections.entrySet()) {
            Heard heard = each.getValue();
            boolean other = heard.who.host().equals(host)
                    && heard.who.folder().equals(folder)
                    && (mine == null || heard.who.life() != mine);
            if (other && each.getKey().isOpen() && now - heard.last < ALIVE_NANOS) {
                found = found == null || heard.last - found.last > 0 ? heard : found;
            }
        }
        return found;
    }

    private String ago(Heard heard) {
        long tenths = Math.max(0, nanos.getAsLong() - heard.last) / 100_000_000L;
        return "heard " + tenths / 10 + "." + tenths % 10 + " s ago";
    }
}
