package dev.unwrite.chaos.fault;

import dev.unwrite.chaos.stage.Ability;
import dev.unwrite.chaos.stage.Place;
import dev.unwrite.chaos.stage.Tools;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Faults of the network, made where a host's packets come and go. To a host, the other one has the address of this process,
 * through which their link runs.
 */
final class NetworkFaults {
    private static final Set<Ability> NETWORK = Set.of(Ability.NETWORK);
    private static final List<Target> HOSTS = List.of(Target.PRIMARY, Target.SECONDARY);
    private static final Pattern TBF = Pattern.compile("dropped (\\d+), overlimits (\\d+)");

    private NetworkFaults() {}

    static List<Fault> all() {
        return List.of(
                rules(
                        "partition",
                        "no packet between the hosts",
                        HOSTS,
                        true,
                        (scene, at) -> between(peer(scene), true, true, "DROP")),
                rules(
                        "partition-in",
                        "the host no longer hears the other one",
                        HOSTS,
                        true,
                        (scene, at) -> between(peer(scene), true, false, "DROP")),
                rules(
                        "partition-out",
                        "the other host no longer hears it",
                        HOSTS,
                        true,
                        (scene, at) -> between(peer(scene), false, true, "DROP")),
                rules(
                        "partition-storage",
                        "no packet between host and storage",
                        HOSTS,
                        false,
                        (scene, at) -> between(storage(scene), true, true, "DROP")),
                rules(
                        "partition-storage-in",
                        "the host no longer hears the storage",
                        HOSTS,
                        false,
                        (scene, at) -> between(storage(scene), true, false, "DROP")),
                rules(
                        "partition-storage-out",
                        "the storage no longer hears the host",
                        HOSTS,
                        false,
                        (scene, at) -> between(storage(scene), false, true, "DROP")),
                rules("isolate", "no packet to or from anybody but the clients", HOSTS, true, (scene, at) -> {
                    List<List<String>> all = new ArrayList<>(between(peer(scene), true, true, "DROP"));
                    all.addAll(between(storage(scene), true, true, "DROP"));
                    return all;
                }),
                rules("reset", "connections to storage and other host are reset", HOSTS, false, (scene, at) -> {
                    List<List<String>> all = new ArrayList<>(between(peer(scene), true, false, "REJECT"));
                    all.addAll(between(storage(scene), true, false, "REJECT"));
                    return all;
                }),
                rules(
                        "loss",
                        "every eighth packet is lost",
                        HOSTS,
                        false,
                        (scene, at) -> List.of(List.of(
                                "INPUT",
                                "-p",
                                "tcp",
                                "-m",
                                "statistic",
                                "--mode",
                                "random",
                                "--probability",
                                "0.12",
                                "-j",
                                "DROP"))),
                new Fault("slow-link", "400 kbit/s", NETWORK, HOSTS, false, NetworkFaults::slow),
                wire("delay", "each message between the hosts waits", Wire.Mode.DELAY),
                wire("duplicate", "messages between the hosts come again, later", Wire.Mode.DUPLICATE),
                wire("reorder", "messages between the hosts overtake each other", Wire.Mode.REORDER),
                wire("late-state", "checkpoints arrive late, all else in time", Wire.Mode.LATE_STATE));
    }

    /** Makes rules for a host. */
    private interface Rules {
        List<List<String>> of(Scene scene, Place at);
    }

    private static String peer(Scene scene) {
        return scene.pair().harness();
    }

    private static String storage(Scene scene) {
        return scene.pair().storage().address();
    }

    /** Only TCP: who asks a host how it is, does so from outside of what is broken, but from the same address as its peer. */
    private static List<List<String>> between(String remote, boolean in, boolean out, String verdict) {
        List<List<String>> rules = new ArrayList<>();
        List<String> jump = verdict.equals("REJECT")
                ? List.of("-j", "REJECT", "--reject-with", "tcp-reset")
                : List.of("-j", verdict);
        if (in) {
            rules.add(rule("INPUT", "-s", remote, "--dport", jump));
        }
        if (out) {
            rules.add(rule("OUTPUT", "-d", remote, "--sport", jump));
        }
        return rules;
    }

    /** The control port stays open, or nobody could tell a host that is cut off from one that is dead. */
    private static List<String> rule(String chain, String side, String remote, String own, List<String> jump) {
        List<String> rule = new ArrayList<>(List.of(chain, "-p", "tcp", side, remote, "!", own, "8000"));
        rule.addAll(jump);
        return rule;
    }

    private static Fault rules(String name, String title, List<Target> targets, boolean breaks, Rules rules) {
        return new Fault(name, title, NETWORK, targets, breaks, (scene, target) -> {
            Place place = scene.places(target).getFirst();
            List<List<String>> made = rules.of(scene, place);
            made.forEach(rule -> iptables(place, "-A", rule));
            return new StruckFault(
                    place.name(),
                    scene.pastFailover(),
                    () -> counted(place),
                    () -> made.forEach(rule -> iptables(place, "-D", rule)));
        });
    }

    private static void iptables(Place place, String how, List<String> rule) {
        place.network().ifPresent(network -> {
            List<String> words = new ArrayList<>(network);
            words.addAll(List.of("iptables", "-w", how));
            words.addAll(rule);
            if (how.equals("-A")) {
                Tools.run(words);
            } else {
                // A container that was started again has a new network, without the rule.
                Tools.attempt(words);
            }
        });
    }

    /** How many packets the rules met. */
    private static String counted(Place place) {
        return place.network()
                .map(network -> {
                    List<String> words = new ArrayList<>(network);
                    words.addAll(List.of("iptables", "-w", "-L", "-v", "-x", "-n"));
                    long packets = 0;
                    for (String line : Tools.attempt(words).output().lines().toList()) {
                        String[] cells = line.strip().split("\\s+");
                        if (cells.length > 3 && (cells[2].equals("DROP") || cells[2].equals("REJECT"))) {
                            packets += Long.parseLong(cells[0]);
                        }
                    }
                    return packets == 0 ? "" : packets + " packets met it";
                })
                .orElse("");
    }

    private static StruckFault slow(Scene scene, Target target) {
        Place place = scene.places(target).getFirst();
        place.network().ifPresent(network -> tc(network, "add", "rate", "400kbit", "burst", "8kb", "latency", "400ms"));
        return new StruckFault(
                place.name(),
                scene.millis(800, 2500),
                () -> place.network().map(NetworkFaults::overlimits).orElse(""),
                () -> place.network().ifPresent(own -> {
                    List<String> words = new ArrayList<>(own);
                    words.addAll(List.of("tc", "qdisc", "del", "dev", "eth0", "root"));
                    Tools.attempt(words);
                }));
    }

    private static void tc(List<String> network, String how, String... limits) {
        List<String> words = new ArrayList<>(network);
        words.addAll(List.of("tc", "qdisc", how, "dev", "eth0", "root", "tbf"));
        words.addAll(List.of(limits));
        Tools.run(words);
    }

    private static String overlimits(List<String> network) {
        List<String> words = new ArrayList<>(network);
        words.addAll(List.of("tc", "-s", "qdisc", "show", "dev", "eth0"));
        Matcher found = TBF.matcher(Tools.attempt(words).output());
        return found.find() && !found.group(2).equals("0") ? found.group(2) + " times a packet had to wait" : "";
    }

    private static Fault wire(String name, String title, Wire.Mode mode) {
        return new Fault(name, title, Set.of(), List.of(Target.BOTH), false, (scene, target) -> {
            List<Wire> wires = List.of(
                    scene.pair().wire(scene.primary()),
                    scene.pair().wire(scene.primary().other()));
            long before = touched(wires);
            long delay = delay(scene, mode);
            wires.forEach(wire -> wire.mode(mode, delay));
            return new StruckFault(
                    Scene.names(scene.places(target)),
                    scene.millis(800, 2500),
                    () -> touched(wires) == before ? "" : (touched(wires) - before) + " messages",
                    () -> wires.forEach(wire -> wire.mode(Wire.Mode.PLAIN, 0)));
        });
    }

    private static long delay(Scene scene, Wire.Mode mode) {
        return switch (mode) {
            case DUPLICATE -> scene.millis(5, 160);
            // Longer than from one cut to the next: blocks are copied again before the first is committed.
            case LATE_STATE -> scene.millis(150, 600);
            case PLAIN, DELAY, REORDER -> scene.millis(5, 120);
        };
    }

    private static long touched(List<Wire> wires) {
        return wires.stream().mapToLong(Wire::touched).sum();
    }
}
