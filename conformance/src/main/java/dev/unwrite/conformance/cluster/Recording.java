package dev.unwrite.conformance.cluster;

import dev.unwrite.conformance.cluster.Move.Kind;
import dev.unwrite.conformance.cluster.RecordedFaults.Struck;
import dev.unwrite.conformance.trace.RecordedEvent;
import dev.unwrite.conformance.trace.RecordedRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A recorded run as moves: what clients asked for, what people ordered, and what struck, each at its time. What hosts and storage
 * made of it is up to the simulated ones: messages, requests and disk jobs arrive as undisturbed as they can, so that the
 * moves repeat a schedule of faults and load, not every step.
 */
final class Recording {
    /** Checkpoints are cut by order, as they were recorded; a silent host is taken over after 2 s; clients do not wait for a pause. */
    private static final int CONFIG = 7 + 128;
    /** One that loses what was not synced, or flushed, in every other place. */
    private static final int LOSES = 37;

    /** Faults after which the storage's disk comes back without what was not synced. */
    private static final List<String> LOSING = List.of("power-storage", "dying-storage", "readonly-storage");
    /** Choices of {@link Kind#FAIL}: writes that fail, flushes that fail, writes for which there is no space. */
    private static final int WRITES = 0;

    private static final int FLUSHES = 1;
    private static final int NO_SPACE = 8;
    private static final int SOME = 4;

    private static final double SECOND = 1e9;

    private final RecordedRun run;
    private final RecordedFaults faults;
    private final List<Timed> moves = new ArrayList<>();
    private final Map<Long, Integer> lastOfLife = new HashMap<>();
    private final Map<Integer, Integer> volumes = new HashMap<>();
    private final String[] folders = {"", ""};
    private final Map<Integer, Integer> lives = new HashMap<>();
    private double reached;

    /** A move, and when what it stands for was recorded, in seconds from the beginning. */
    record Timed(double seconds, Move move) {}

    private Recording(RecordedRun run, RecordedFaults faults) {
        this.run = run;
        this.faults = faults;
    }

    /** The moves, with the time between them. */
    static List<Timed> moves(RecordedRun run, RecordedFaults faults) {
        Recording recording = new Recording(run, faults);
        recording.lines();
        recording.faults();
        return recording.withTime();
    }

    private void lines() {
        List<RecordedEvent> events = run.events();
        for (int i = 0; i < events.size(); i++) {
            if (!events.get(i).storage()) {
                lastOfLife.put(events.get(i).life(), i);
            }
        }
        for (int i = 0; i < events.size(); i++) {
            RecordedEvent event = events.get(i);
            double at = Math.max(0, faults.seconds(event));
            if (event.storage()) {
                storage(event, at, i);
            } else if (event.host() >= 0 && event.host() < 2) {
                host(event, at);
                boolean ends = lastOfLife.getOrDefault(event.life(), -1) == i;
                if (ends && i < events.size() - 1) {
                    boolean power = faults.isOfPowerLoss(event, "power");
                    add(at, power ? Kind.CRASH : Kind.KILL, event.host(), LOSES, 0);
                }
            }
        }
    }

    private void storage(RecordedEvent event, double at, int line) {
        if (event.action().equals("Boot") && line > 0 && moves.size() > 1) {
            boolean loses = event.lost() > 0 || LOSING.stream().anyMatch(fault -> faults.isOfPowerLoss(event, fault));
            add(at, Kind.STORAGE_CRASH, 0, loses ? LOSES : 0, 0);
        } else if (event.action().equals("Destage")) {
            add(at, Kind.DESTAGE, 0, (int) (event.block() % Short.MAX_VALUE), 0);
        }
    }

    private void host(RecordedEvent event, double at) {
        int host = event.host();
        switch (event.action()) {
            case "Restart" -> {
                if (!folders[host].isEmpty() && !folders[host].equals(event.folder())) {
                    add(at, Kind.REPLACE, host, 0, 0);
                }
                folders[host] = event.folder();
                if (lives.merge(host, 1, Integer::sum) > 1) {
                    add(at, Kind.RESTART, host, 0, 0);
                }
            }
            case "MachineWrite" -> {
                int volume = volumes.computeIfAbsent(event.volume(), id -> volumes.size() % Cells.VOLUMES.size());
                int block = (int) (event.block() % Cells.VOLUMES.get(volume).blocks());
                add(at, Kind.ASK, host, 16 * volume + 7, block * Cells.PER_BLOCK);
            }
            case "Cut" -> add(at, Kind.CHECKPOINT, host, 0, 0);
            case "OpenSession" -> add(at, Kind.HANG_UP, host, 0, 0);
            case "Propose" -> {
                if (event.change().equals("TAKE_OVER")) {
                    add(at, Kind.FAILOVER, host, 0, 0);
                } else if (event.change().equals("FORCE_COLD_START")) {
                    add(at, Kind.FAILOVER, host, 1, 0);
                }
            }
            default -> {
                // What follows from all that, the simulated hosts do by themselves.
            }
        }
    }

    /** Of those that leave no line: a process that stood still, a way that was cut. */
    private void faults() {
        for (Struck struck : faults.faults()) {
            struckStorage(struck);
            run.hosts().forEach((name, host) -> {
                if (host < 2 && List.of(struck.hit().split("[^\\w]+")).contains(name)) {
                    struck(struck, host);
                }
            });
        }
        moves.sort(Comparator.comparingDouble(Timed::seconds));
    }

    private void struckStorage(Struck struck) {
        switch (struck.fault()) {
            case "eio-storage", "dying-storage", "readonly-storage" -> {
                add(struck.at(), Kind.FAIL, 0, WRITES, SOME);
                add(struck.at(), Kind.FAIL, 0, FLUSHES, 0);
            }
            case "full-storage" -> add(struck.at(), Kind.FAIL, 0, NO_SPACE, SOME);
            default -> {
                // Its kills and starts are in its trace.
            }
        }
    }

    private void struck(Struck struck, int host) {
        switch (struck.fault()) {
            case "pause" -> forAWhile(struck, Kind.FREEZE, host);
            case "partition" -> {
                forAWhile(struck, Kind.CUT, host);
                forAWhile(struck, Kind.CUT, 1 - host);
            }
            case "partition-in" -> forAWhile(struck, Kind.CUT, 1 - host);
            case "partition-out" -> forAWhile(struck, Kind.CUT, host);
            case "partition-storage", "partition-storage-in", "partition-storage-out" ->
                forAWhile(struck, Kind.CUT_OFF, host);
            case "disk-full" -> forAWhile(struck, Kind.FULL, host);
            case "disk-readonly" -> forAWhile(struck, Kind.READ_ONLY, host);
            default -> {
                // Its kills and starts are in the traces.
            }
        }
    }

    private void forAWhile(Struck struck, Kind kind, int host) {
        add(struck.at(), kind, host, 1, 0);
        add(Math.max(struck.at(), struck.healed()), kind, host, 0, 0);
    }

    private void add(double seconds, Kind kind, int host, int a, int b) {
        moves.add(new Timed(seconds, new Move(kind, host, a, b)));
    }

    private List<Timed> withTime() {
        List<Timed> all = new ArrayList<>();
        all.add(new Timed(0, new Move(Kind.CONFIG, 0, CONFIG, 0)));
        for (Timed timed : moves) {
            pass(timed.seconds, all);
            all.add(timed);
        }
        return all;
    }

    /** Time passes up to there, in the few lengths that it has; what is shorter is added to the next. */
    private void pass(double until, List<Timed> all) {
        for (int choice = Rounds.CHOICES - 1; choice >= 0; choice--) {
            double length = Rounds.nanos(choice) / SECOND;
            while (reached + length <= until) {
                reached += length;
                all.add(new Timed(reached, new Move(Kind.RUN, 0, choice, 0)));
            }
        }
    }
}
