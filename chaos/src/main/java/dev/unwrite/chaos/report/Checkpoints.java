package dev.unwrite.chaos.report;

import dev.unwrite.chaos.cluster.HostId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pairs the cuts of a host with the news that they are committed. */
final class Checkpoints {
    private Checkpoints() {}

    /** One checkpoint; {@code committed} is null where its primary never learned of it. */
    record Pair(HostId host, long epoch, long cut, @Nullable Long committed) {}

    /** All checkpoints of one host, in the order of their cuts. */
    static List<Pair> of(HostId host, List<ReportedEvent> trace) {
        List<Pair> done = new ArrayList<>();
        List<ReportedEvent> open = new ArrayList<>();
        for (ReportedEvent event : trace) {
            if (event.host() != host) {
                continue;
            }
            switch (event.action()) {
                case "Cut", "StartJoin" -> open.add(event);
                case "LearnCommitted" -> settle(event, open, done);
                case "Resume", "GoAlone" -> giveUp(open, done);
                default -> {}
            }
        }
        giveUp(open, done);
        done.sort((a, b) -> Long.compare(a.cut(), b.cut()));
        return done;
    }

    /** Committing a checkpoint settles the earlier ones too: their state is in it. */
    private static void settle(ReportedEvent news, List<ReportedEvent> open, List<Pair> done) {
        for (Iterator<ReportedEvent> cuts = open.iterator(); cuts.hasNext(); ) {
            ReportedEvent cut = cuts.next();
            if (news.epoch() >= 0 && cut.epoch() > news.epoch()) {
                break;
            }
            done.add(new Pair(cut.host(), cut.epoch(), cut.at(), news.at()));
            cuts.remove();
            if (news.epoch() < 0) {
                break;
            }
        }
    }

    private static void giveUp(List<ReportedEvent> open, List<Pair> done) {
        open.forEach(cut -> done.add(new Pair(cut.host(), cut.epoch(), cut.at(), null)));
        open.clear();
    }
}
