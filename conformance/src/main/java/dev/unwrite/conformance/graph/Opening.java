package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.AskCommit;
import dev.unwrite.protocol.Action.AskFlush;
import dev.unwrite.protocol.Action.Bootstrap;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Action.ColdRead;
import dev.unwrite.protocol.Action.Commit;
import dev.unwrite.protocol.Action.Flush;
import dev.unwrite.protocol.Action.FollowJoin;
import dev.unwrite.protocol.Action.Learn;
import dev.unwrite.protocol.Action.LearnCommitted;
import dev.unwrite.protocol.Action.Propose;
import dev.unwrite.protocol.Action.Protect;
import dev.unwrite.protocol.Action.StagePart;
import dev.unwrite.protocol.Action.StartJoin;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.Protocol;
import dev.unwrite.protocol.Step;
import java.util.List;
import java.util.TreeMap;

/**
 * Leads the code to a state in which a model starts. A model may start in the middle: with a machine that runs, or with
 * a pair. The code starts with nothing, and gets there by real steps.
 */
final class Opening {
    private Opening() {}

    static Way to(SpecState start, List<String> names) {
        HostState first = started(names.getFirst(), names.getLast());
        HostState second = started(names.getLast(), names.getFirst());
        SpecRecord record = start.record();
        if (record.owner().equals(second.name())) {
            HostState swapped = first;
            first = second;
            second = swapped;
        }
        if (!record.owner().isEmpty()) {
            SpecRecord solo = new SpecRecord(1, first.name(), "solo", "", 0);
            first = take(first, new Propose(Change.BOOTSTRAP, dev.unwrite.protocol.OwnershipRecord.INITIAL));
            first = take(first, new Bootstrap(CodeTerms.record(solo), 1));
            first = take(first, new AskFlush());
            first = take(first, new Flush(1));
            first = take(first, new ColdRead());
            first = take(first, new StartJoin());
            if (record.mode().equals("protected")) {
                second = take(second, new FollowJoin(CodeTerms.record(solo)));
                second = take(second, new StagePart(1, 1, 0));
                second = take(second, new AskCommit(1));
                second = take(second, new Commit(1));
                first = take(first, new LearnCommitted(1, 1));
                first = take(first, new Propose(Change.PROTECT, CodeTerms.record(solo)));
                first = take(first, new Protect(CodeTerms.record(record)));
                first = take(first, new Learn(CodeTerms.record(record)));
            } else {
                first = take(first, new Action.AbortJoin(CodeTerms.record(solo)));
            }
        }
        Way way = names.getFirst().equals(first.name()) ? Way.of(first, second) : Way.of(second, first);
        HostFields.compare("the start", start, way);
        return way;
    }

    private static HostState started(String name, String peer) {
        return take(HostState.started(name, peer, new TreeMap<>(), null), new Action.Restart());
    }

    private static HostState take(HostState host, Action action) {
        return switch (Protocol.step(host, action)) {
            case Step.Taken taken -> taken.next();
            case Step.Refused refused ->
                throw new Caught("the start", action + " at " + host.name(), "allowed", "refused: " + refused.why());
        };
    }
}
