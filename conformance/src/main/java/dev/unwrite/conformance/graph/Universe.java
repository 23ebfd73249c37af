package dev.unwrite.conformance.graph;

import static dev.unwrite.conformance.graph.CodeTerms.extent;
import static dev.unwrite.conformance.graph.CodeTerms.id;

import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * All that can be asked of a host within the bounds of a graph, and a little beyond them: every action with every term,
 * epoch, block, session and flush that occurs and one more, and every record that the storage could hold.
 */
final class Universe {
    /** The record of a group without an owner. */
    private static final SpecRecord NOBODY = new SpecRecord(0, "", "none", "", 0);

    private final long termMax;
    private final long epochMax;
    private final long sessionMax;
    private final long flushMax;
    private final int blocks;
    private final List<String> hosts;
    private final List<Probe> probes = new ArrayList<>();

    Universe(long termMax, long epochMax, long sessionMax, long flushMax, int blocks, List<String> hosts) {
        this.termMax = termMax + 1;
        this.epochMax = epochMax + 1;
        this.sessionMax = sessionMax + 1;
        this.flushMax = flushMax + 1;
        this.blocks = blocks;
        this.hosts = hosts;
        simple();
        writes();
        flushes();
        messages();
        sessions();
        records().forEach(this::records);
    }

    List<Probe> probes() {
        return probes;
    }

    private void simple() {
        probes.add(Probe.of("Cut", new Action.Cut(false)));
        probes.add(Probe.of("Cut", new Action.Cut(true)));
        probes.add(Probe.of("Speak", new Action.Speak()));
        probes.add(Probe.of("StartJoin", new Action.StartJoin()));
        probes.add(Probe.of("Resume", new Action.Resume()));
        probes.add(Probe.of("ColdRead", new Action.ColdRead()));
        probes.add(Probe.of("Restart", new Action.Restart()));
        probes.add(Probe.of("NotAgreed", new Action.NotAgreed()));
    }

    private void writes() {
        for (int b = 0; b < blocks; b++) {
            probes.add(Probe.of("MachineWrite", new Action.MachineWrite(id(b), extent(b)))
                    .on(b));
            for (long writeId : List.of(HostState.OWED, id(b), id(blocks))) {
                for (boolean fua : List.of(false, true)) {
                    probes.add(Probe.of("SendWrite", new Action.SendWrite(writeId, extent(b), fua))
                            .on(b));
                }
                for (long session = 0; session <= sessionMax; session++) {
                    probes.add(Probe.of("WriteDone", new Action.WriteDone(writeId, extent(b), session))
                            .on(b)
                            .in(session));
                }
            }
        }
    }

    private void flushes() {
        for (long n = 1; n <= flushMax; n++) {
            probes.add(Probe.of("MachineFlush", new Action.MachineFlush(n, null)));
            for (int b = 0; b < blocks; b++) {
                probes.add(Probe.of("MachineFlush", new Action.MachineFlush(n, Blocks.of(extent(b))))
                        .on(b));
            }
            probes.add(Probe.of("AnswerFlush", new Action.AnswerFlush(n)));
        }
    }

    private void messages() {
        for (long term = 0; term <= termMax; term++) {
            for (long epoch = 0; epoch <= epochMax; epoch++) {
                for (int b = 0; b < blocks; b++) {
                    probes.add(Probe.of("RecvPreserved", new Action.RecvPreserved(term, epoch, List.of(extent(b))))
                            .at(term, epoch)
                            .on(b));
                    probes.add(Probe.of("ReadOld", new Action.ReadOld(term, epoch, List.of(extent(b))))
                            .at(term, epoch)
                            .on(b));
                    for (int asked = 0; asked < blocks; asked++) {
                        if (asked != b) {
                            probes.add(
                                    Probe.of("ReadAround", new Action.ReadAround(term, epoch, extent(asked), extent(b)))
                                            .at(term, epoch)
                                            .on(b));
                        }
                    }
                    probes.add(Probe.of("StoreCopy", new Action.StoreCopy(term, epoch, extent(b)))
                            .at(term, epoch)
                            .on(b));
                }
                probes.add(Probe.of("LearnCommitted", new Action.LearnCommitted(term, epoch))
                        .at(term, epoch));
                for (long base : epoch > 1 ? List.of(0L, epoch - 1) : List.of(0L)) {
                    probes.add(Probe.of("StagePart", new Action.StagePart(term, epoch, base))
                            .at(term, epoch));
                }
            }
        }
        for (long epoch = 0; epoch <= epochMax; epoch++) {
            probes.add(Probe.of("Commit", new Action.AskCommit(epoch), new Action.Commit(epoch))
                    .at(0, epoch));
            // The second half without the first.
            probes.add(Probe.of("Half", new Action.Commit(epoch)));
            probes.add(Probe.of("Half", new Action.CommitFailed(epoch)));
        }
    }

    private void sessions() {
        for (long session = 0; session <= sessionMax; session++) {
            probes.add(Probe.of("OpenSession", new Action.OpenSession(session)).in(session));
            probes.add(Probe.of("Flush", new Action.AskFlush(), new Action.Flush(session))
                    .in(session));
        }
    }

    /** Each record that the storage can hold: the mode says whether there is a secondary. */
    private List<SpecRecord> records() {
        List<SpecRecord> records = new ArrayList<>(List.of(NOBODY));
        for (String owner : hosts) {
            String other = hosts.get(0).equals(owner) ? hosts.get(1) : hosts.get(0);
            for (long term = 1; term <= termMax; term++) {
                for (long base = 0; base <= epochMax; base++) {
                    records.add(new SpecRecord(term, owner, "solo", "", base));
                    records.add(new SpecRecord(term, owner, "rollback", "", base));
                    records.add(new SpecRecord(term, owner, "protected", other, base));
                }
            }
        }
        return records;
    }

    private void records(SpecRecord record) {
        OwnershipRecord now = CodeTerms.record(record);
        add(record, "FollowJoin", new Action.FollowJoin(now));
        add(record, "BecomeSecondary", new Action.BecomeSecondary(now));
        add(record, "Learn", new Action.Learn(now));
        add(record, "AbortJoin", new Action.AbortJoin(now));
        add(record, "StepDown", new Action.StepDown(now));
        add(record, "RestartRollback", new Action.RestartRollback(now, sessionMax));
        add(record, "GoAlone", new Action.Propose(Change.GO_ALONE, now));
        add(record, "Protect", new Action.Propose(Change.PROTECT, now));
        add(record, "TakeOver", new Action.Propose(Change.TAKE_OVER, now));
        add(record, "FinishRollback", new Action.Propose(Change.FINISH_ROLLBACK, now));
        add(record, "Bootstrap", new Action.Propose(Change.BOOTSTRAP, now));
        add(record, "ColdStart", new Action.Propose(Change.COLD_START, now));
        add(record, "ForceColdStart", new Action.Propose(Change.FORCE_COLD_START, now));
        // What nobody proposed, the storage cannot have agreed to.
        add(record, "Half", new Action.GoAlone(now));
        add(record, "Half", new Action.Protect(now));
        add(record, "Half", new Action.TakeOver(now, sessionMax));
        add(record, "Half", new Action.FinishRollback(now));
        add(record, "Half", new Action.Bootstrap(now, sessionMax));
        add(record, "Half", new Action.ColdStart(now, sessionMax));
        add(record, "Half", new Action.ForceColdStart(now, sessionMax));
    }

    private void add(SpecRecord record, String action, Action code) {
        probes.add(Probe.of(action, code).by(record));
    }
}
