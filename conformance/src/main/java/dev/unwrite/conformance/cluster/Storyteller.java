package dev.unwrite.conformance.cluster;

import dev.unwrite.host.Trouble;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.List;

/** Tells what happens in a cluster, in a line for each event. */
final class Storyteller implements Witness {
    /** How much is told. */
    enum Detail {
        /** Everything. */
        ALL,
        /** The steps of the hosts, changes of the record, what is refused, and what clients and the outside learn. */
        STEPS,
        /** Nothing. */
        NOTHING
    }

    private final StoryWords words;
    private final List<String> told = new ArrayList<>();
    private Detail detail = Detail.NOTHING;
    private OwnershipRecord record = OwnershipRecord.INITIAL;

    Storyteller(StoryWords words) {
        this.words = words;
    }

    /** From here on so much is told. */
    void tells(Detail much) {
        detail = much;
    }

    /** What was told since the last call. */
    List<String> take() {
        List<String> taken = List.copyOf(told);
        told.clear();
        return taken;
    }

    void tell(String line) {
        if (detail != Detail.NOTHING) {
            told.add(line);
        }
    }

    private void tellDetail(String line) {
        if (detail == Detail.ALL) {
            told.add(line);
        }
    }

    @Override
    public void step(SimHost host, HostState before, Action action, HostState after) {
        String step = StoryWords.step(action, after);
        boolean nothingNew =
                action instanceof Action.ReadOld && before.reading().equals(after.reading());
        if (step != null && !nothingNew) {
            tell(host.name + ": " + step);
        }
    }

    @Override
    public void sent(SimHost from, SimHost to, PeerMessage message) {
        String text = StoryWords.message(message);
        if (text != null) {
            tellDetail(from.name + " -> " + to.name + ": " + text);
        }
    }

    @Override
    public void got(SimHost host, PeerMessage message) {
        String text = StoryWords.message(message);
        if (text != null) {
            tellDetail(host.name + " gets " + text);
        }
    }

    @Override
    public void asked(Request<?> request) {
        // Of a write SendWrite tells; the record is read all the time.
        if (request.what != Request.Asked.WRITE && request.what != Request.Asked.RECORD) {
            tellDetail(request.from.host() + " -> storage: " + StoryWords.request(request));
        }
    }

    @Override
    public void arrived(Request<?> request, SimStorage storage) {
        String host = request.from.host();
        Trouble refused = request.refused();
        if (refused != null) {
            tell("storage refuses " + host + " to " + StoryWords.request(request) + ": " + refused.text());
            return;
        }
        switch (request.what) {
            case RECORD -> {}
            case OPEN -> tellDetail("storage gives " + host + " a new session");
            case READ, READ_OLD -> tellDetail("storage tells " + host + ": " + contents(request, storage));
            case WRITE -> tellDetail("storage has now " + contents(request, storage));
            case FLUSH -> tellDetail("storage has flushed all it has");
            case CHANGE -> {
                boolean changed = !storage.record().equals(record);
                record = storage.record();
                tell("storage " + (changed ? "changes" : "does not change") + " the record: "
                        + StoryWords.record(record));
            }
        }
    }

    private String contents(Request<?> request, SimStorage storage) {
        Extent extent = request.extent;
        if (extent == null) {
            return "some bytes";
        }
        int from = Cells.volume(extent.volume()).firstCell() + (int) extent.first() * Cells.PER_BLOCK;
        return String.join(", ", words.blocks(storage.disk.image(), from, from + extent.count() * Cells.PER_BLOCK));
    }

    @Override
    public void machine(SimHost host, String what) {
        tell("machine at " + host.name + " is to " + what);
    }

    @Override
    public void answered(SimHost host, History.Write write) {
        tell("client of " + host.name + ": has written " + words.write(write));
    }

    @Override
    public void flushed(SimHost host) {
        tell("client of " + host.name + ": has flushed");
    }

    @Override
    public void read(SimHost host, int firstCell, int[] values) {
        // What a machine reads when it starts is not of interest.
        if (values.length == Cells.PER_BLOCK) {
            tell("client of " + host.name + ": has read " + Cells.name(Cells.block(firstCell)) + " "
                    + words.content(values));
        }
    }

    @Override
    public void heard(History.Write write) {
        tell("outside: hears of " + words.write(write));
    }

    @Override
    public void ended(SimHost host, String why) {
        tell(host.name + " ends: " + why);
    }
}
