package dev.unwrite.peer;

import dev.unwrite.protocol.Extent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What the two hosts say to each other (section 2 of the design). Numbers of terms and epochs are as in the protocol. */
public sealed interface PeerMessage {
    /** A {@link StateChunk} carries at most so many bytes. */
    int CHUNK_BYTES_MAX = 256 << 10;
    /** A {@link Preserve} or {@link Preserved} names at most so many extents. */
    int EXTENTS_MAX = 4096;
    /** Names of hosts, groups and roles have at most so many bytes of UTF-8. */
    int NAME_BYTES_MAX = 255;
    /** Reasons are cut off after so many bytes of UTF-8. */
    int REASON_BYTES_MAX = 1024;

    /** Whether the message waits until nothing more urgent is to be sent: the parts of a state, in their order. */
    default boolean isBulk() {
        return false;
    }

    /**
     * Opens a connection, in both directions; the link sends and checks it, the node never sees it.
     *
     * @param incarnation random, new with every start of a process
     * @param machine what runs there: only the very same can go on here
     * @param ids whose data folder that process has, and what is in it
     */
    record Hello(String group, String from, long incarnation, String machine, Ids ids) implements PeerMessage {
        /** Checks the names. */
        public Hello {
            Names.check(group);
            Names.check(from);
            if (machine.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
                throw new IllegalArgumentException("a machine is described in " + NAME_BYTES_MAX + " bytes at most");
            }
        }
    }

    /**
     * Whose data folder a host has, and what it holds (rule OneLife): names, terms and positions identify nothing. Texts are
     * empty where nothing is known.
     *
     * @param storage the id of the storage that the folder belongs to
     * @param folder the id of the folder
     * @param undo the id of the undo log in it
     * @param position the number of the newest copy in that log that is safe; it only grows
     * @param checkpointTerm the term of the committed checkpoint, 0 without one
     * @param checkpointEpoch its epoch
     * @param control where the host takes commands
     */
    record Ids(
            String storage,
            String folder,
            String undo,
            long position,
            long checkpointTerm,
            long checkpointEpoch,
            String control) {
        /** Nothing is known. */
        public static final Ids NONE = new Ids("", "", "", 0, 0, 0, "");

        /** Checks the lengths. */
        public Ids {
            for (String text : List.of(storage, folder, undo, control)) {
                if (text.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
                    throw new IllegalArgumentException("an id has at most " + NAME_BYTES_MAX + " bytes");
                }
            }
        }
    }

    /**
     * Says at regular intervals how the sender is.
     *
     * @param recordVersion the version of the ownership record that the sender saw last
     * @param readyToJoin the sender would become the secondary of the receiver
     * @param holdsNothing the sender holds no checkpoint and no copies
     * @param paused the sender's machine is paused
     * @param undoBytes what the sender's undo log takes
     */
    record Heartbeat(
            String role,
            long term,
            long epoch,
            long committedEpoch,
            long recordVersion,
            boolean readyToJoin,
            boolean holdsNothing,
            boolean paused,
            long undoBytes)
            implements PeerMessage {
        /** Checks the role. */
        public Heartbeat {
            Names.check(role);
        }
    }

    /** Rule AskFirst: these blocks are about to be overwritten, store copies. */
    record Preserve(long term, long epoch, List<Extent> extents) implements PeerMessage {
        /** Copies and checks the extents. */
        public Preserve {
            extents = Names.extents(extents);
        }
    }

    /**
     * Rule StoreBeforeAck: copies of these blocks are safe.
     *
     * @param position the number of the newest copy that is safe, as in {@link Ids}: less than this the sender never holds
     * @param undoBytes what the sender's undo log takes
     */
    record Preserved(long position, long undoBytes, long term, long epoch, List<Extent> extents)
            implements PeerMessage {
        /** Copies and checks the extents. */
        public Preserved {
            extents = Names.extents(extents);
        }
    }

    /** The state of checkpoint {@code epoch} follows; all of it if {@code base} is 0, else a delta on that checkpoint. */
    record StateBegin(long term, long epoch, long base) implements PeerMessage {
        @Override
        public boolean isBulk() {
            return true;
        }
    }

    /**
     * A part of the state.
     *
     * @param offset where in the state the part begins, in bytes
     * @param bytes what is between position and limit, at most {@link #CHUNK_BYTES_MAX}. The link copies it before
     *     {@code send} returns; a received one belongs to the receiver.
     */
    record StateChunk(long term, long epoch, long offset, ByteBuffer bytes) implements PeerMessage {
        /** Checks the size. */
        public StateChunk {
            if (bytes.remaining() > CHUNK_BYTES_MAX || offset < 0) {
                throw new IllegalArgumentException(
                        "impossible part of a state: " + bytes.remaining() + " bytes at " + offset);
            }
        }

        @Override
        public boolean isBulk() {
            return true;
        }
    }

    /**
     * The state is whole.
     *
     * @param length its size in bytes
     * @param crc32c the CRC32C of all of it, as {@link java.util.zip.CRC32C} computes it
     */
    record StateEnd(long term, long epoch, long length, int crc32c) implements PeerMessage {
        @Override
        public boolean isBulk() {
            return true;
        }
    }

    /** The receiver cannot take this state, or not store it. */
    record StateRefused(long term, long epoch, String reason) implements PeerMessage {}

    /** Rule StateBeforeDiscard: checkpoint {@code epoch} is durable at the sender. */
    record Committed(long term, long epoch) implements PeerMessage {}

    /**
     * A planned switchover: take over, the sender is paused at this committed checkpoint.
     *
     * @param millis so long the sender waits; what was not begun by then is not begun any more
     */
    record HandOver(long term, long epoch, long millis) implements PeerMessage {}

    /** The receiver does not take over. */
    record HandOverRefused(long term, String reason) implements PeerMessage {}

    /** The sender is being stopped in good order: nobody has to wait for it. */
    record Leaving(long term) implements PeerMessage {}

    /** What the constructors check. */
    final class Names {
        private Names() {}

        static void check(String name) {
            if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
                throw new IllegalArgumentException("a name has 1 to " + NAME_BYTES_MAX + " bytes, not '" + name + "'");
            }
        }

        static List<Extent> extents(List<Extent> extents) {
            if (extents.isEmpty() || extents.size() > EXTENTS_MAX) {
                throw new IllegalArgumentException("1 to " + EXTENTS_MAX + " extents, not " + extents.size());
            }
            return List.copyOf(extents);
        }
    }
}
