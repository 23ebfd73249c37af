package dev.unwrite.chaos.report;

import dev.unwrite.chaos.check.CheckResult;
import dev.unwrite.chaos.check.ObservedTakeover;
import dev.unwrite.chaos.check.Verdict;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.SeenStatus;
import dev.unwrite.chaos.cluster.Watcher;
import dev.unwrite.chaos.ledger.Operation;
import dev.unwrite.chaos.report.Event.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A run that looks like a real one: two kills, two takeovers, a switchover. */
public final class SampleRun {
    private static final long START = 1_780_000_000_000_000_000L;
    private static final SeenStatus.Counters COUNTERS =
            new SeenStatus.Counters(9000, 36_864_000, 7000, 300, 57, 5000, 4990);

    private final Random chance = new Random(1);
    private final List<ReportedEvent> trace = new ArrayList<>();
    private final List<Watcher.Seen> seen = new ArrayList<>();
    private final List<Operation> history = new ArrayList<>();
    private long seq;

    private SampleRun() {}

    /** The run, with these checks. */
    public static RunRecord with(List<CheckResult> checks) {
        return new SampleRun().build(checks);
    }

    /** A run in which all is well. */
    public static RunRecord valid() {
        return with(List.of(
                new CheckResult(
                        "disk-equals-checkpoint-1",
                        "Takeover 1: the disk is that of the committed checkpoint",
                        Verdict.VALID,
                        List.of("the copies are equal, all 933888 bytes")),
                new CheckResult(
                        "ledger-total", "The total is what it was", Verdict.VALID, List.of("1024000 = 1024000"))));
    }

    static long at(double seconds) {
        return START + Math.round(seconds * 1e9);
    }

    private RunRecord build(List<CheckResult> checks) {
        pair(HostId.A, 1, 2.9, 5.41);
        pair(HostId.B, 2, 8.2, 10.83);
        pair(HostId.A, 3, 13.3, 14.9);
        pair(HostId.B, 4, 15.3, 17.0);
        takeOver(HostId.B, 6.47, 6.51);
        takeOver(HostId.A, 11.88, 11.95);
        bands();
        load(2.95, 5.41);
        load(6.55, 10.83);
        load(11.99, 14.9);
        load(15.02, 17.0);
        trace.sort((a, b) -> Long.compare(a.at(), b.at()));
        return new RunRecord(
                "unwrite demo --seed 42 --dir unwrite-demo",
                42,
                START,
                at(17.4),
                new RunRecord.Setup(50, 1000, 8, 1024),
                events(),
                seen,
                trace,
                List.of(takeover(1, HostId.A, 1, 5.41, 6.52, 37, 51), takeover(2, HostId.B, 2, 10.83, 11.97, 20, 102)),
                List.of(new RunRecord.Switchover(at(14.9), at(15.02), "A", "B")),
                history,
                COUNTERS,
                checks);
    }

    private ObservedTakeover takeover(
            int number, HostId dead, long term, double kill, double primary, int blocks, long epoch) {
        List<Integer> ahead = new ArrayList<>();
        for (int i = 0; i < blocks - 2; i++) {
            ahead.add(i < 20 ? 65 + i : 129 + i * 2);
        }
        return new ObservedTakeover(
                number,
                dead,
                term,
                dead.other(),
                term + 1,
                at(kill),
                at(primary),
                blocks,
                17,
                new ObservedTakeover.Witness(epoch, null, null),
                ahead,
                List.of(),
                212);
    }

    private void pair(HostId primary, long term, double from, double to) {
        long epoch = term == 1 ? 1 : 50;
        for (double t = from; t < to; t += 0.05) {
            epoch++;
            trace.add(new ReportedEvent(at(t), primary, "Cut", epoch));
            double commit = t + 0.012 + chance.nextDouble() * 0.01;
            if (commit < to) {
                trace.add(new ReportedEvent(at(commit), primary, "LearnCommitted", epoch));
            }
            for (int copy = 0; copy < 12; copy++) {
                double when = t + chance.nextDouble() * 0.05;
                if (when < to) {
                    trace.add(new ReportedEvent(at(when), primary.other(), "StoreCopy", epoch));
                }
            }
        }
    }

    private void takeOver(HostId host, double record, double done) {
        trace.add(new ReportedEvent(at(record), host, "TakeOver", -1));
        trace.add(new ReportedEvent(at(done), host, "FinishRollback", -1));
        trace.add(new ReportedEvent(at(done + 0.01), host, "Resume", -1));
    }

    private void bands() {
        see(0.9, HostId.A, "idle", "none", 0);
        see(1.0, HostId.B, "idle", "none", 0);
        see(1.4, HostId.A, "primary", "solo", 1);
        see(2.6, HostId.A, "primary", "joining", 1);
        see(2.7, HostId.B, "secondary", "joining", 1);
        see(2.9, HostId.A, "primary", "protected", 1);
        see(2.9, HostId.B, "secondary", "protected", 1);
        see(5.42, HostId.A, "down", "none", 0);
        see(6.53, HostId.B, "primary", "solo", 2);
        see(7.6, HostId.A, "idle", "none", 2);
        see(7.9, HostId.A, "secondary", "joining", 2);
        see(7.9, HostId.B, "primary", "joining", 2);
        see(8.2, HostId.A, "secondary", "protected", 2);
        see(8.2, HostId.B, "primary", "protected", 2);
        see(10.84, HostId.B, "down", "none", 0);
        see(11.98, HostId.A, "primary", "solo", 3);
        see(12.7, HostId.B, "idle", "none", 3);
        see(13.0, HostId.B, "secondary", "joining", 3);
        see(13.3, HostId.A, "primary", "protected", 3);
        see(13.3, HostId.B, "secondary", "protected", 3);
        see(15.0, HostId.A, "secondary", "joining", 4);
        see(15.0, HostId.B, "primary", "joining", 4);
        see(15.3, HostId.A, "secondary", "protected", 4);
        see(15.3, HostId.B, "primary", "protected", 4);
    }

    private void see(double at, HostId host, String role, String mode, long term) {
        seen.add(new Watcher.Seen(at(at), host, new SeenStatus(role, mode, term, 0, 0, 0, mode, COUNTERS)));
    }

    private void load(double from, double to) {
        for (double t = from; t < to; t += 0.0025) {
            double reply = t + 0.03 + chance.nextDouble() * 0.04;
            boolean late = reply > to;
            double complete = late ? answerAfter(to) : reply;
            history.add(new Operation(
                    "c" + history.size() % 8,
                    history.size() / 8 + 1,
                    Operation.Kind.TRANSFER,
                    1,
                    2,
                    3,
                    at(t),
                    at(complete),
                    Operation.Outcome.OK,
                    ++seq,
                    List.of(1L, 2L),
                    null));
        }
    }

    private double answerAfter(double kill) {
        double again = kill < 6 ? 6.56 : kill < 11 ? 12.0 : kill < 15 ? 15.05 : 17.05;
        return again + chance.nextDouble() * 0.03;
    }

    private static List<Event> events() {
        return List.of(
                new Event(at(0.1), "storage", Kind.START, "the shared storage and the hosts A and B start"),
                new Event(at(1.4), "A", Kind.PRIMARY, "A runs the machine (primary, term 1), alone so far"),
                new Event(at(2.9), "B", Kind.PROTECTED, "B has joined: from now on the machine is protected"),
                new Event(at(3.0), "clients", Kind.NOTE, "8 clients move money between the accounts of the ledger"),
                new Event(
                        at(5.41),
                        "A",
                        Kind.KILL,
                        "A (primary, term 1) killed with SIGKILL in the middle of its writes"),
                new Event(
                        at(6.52),
                        "B",
                        Kind.PRIMARY,
                        "B has put 37 blocks back (the disk was ahead in 35) and goes on from"
                                + " checkpoint 50 (primary, term 2), 1.11 s after the kill"),
                new Event(at(7.0), "A", Kind.RESTART, "A comes back"),
                new Event(at(8.2), "A", Kind.PROTECTED, "A has joined: the machine is protected again"),
                new Event(
                        at(10.83),
                        "B",
                        Kind.KILL,
                        "B (primary, term 2) killed with SIGKILL in the middle of its writes"),
                new Event(at(11.97), "A", Kind.PRIMARY, "A has put 20 blocks back and goes on"),
                new Event(at(12.2), "B", Kind.RESTART, "B comes back"),
                new Event(at(13.3), "B", Kind.PROTECTED, "B has joined: the machine is protected again"),
                new Event(
                        at(15.02),
                        "B",
                        Kind.SWITCHOVER,
                        "planned switchover: A hands over to B (primary, term 4) in 0.12 s"),
                new Event(at(15.3), "A", Kind.PROTECTED, "A is its secondary now: protected"),
                new Event(at(17.2), "clients", Kind.NOTE, "the clients have all their answers and stop"));
    }
}
