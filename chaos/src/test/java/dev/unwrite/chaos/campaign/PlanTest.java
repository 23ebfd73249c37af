package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.fault.Faults;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PlanTest {
    private static final int STEPS = 60;

    private static List<String> steps(long seed) {
        Plan plan = new Plan(Faults.all(), seed);
        List<String> steps = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            steps.add(String.join(
                    " + ", plan.next().stream().map(Plan.Strike::name).toList()));
        }
        return steps;
    }

    @Test
    void theSameSeedPlansTheSame() {
        assertThat(steps(5)).isEqualTo(steps(5)).isNotEqualTo(steps(6));
    }

    @Test
    void messagesAreLateBeforeAHostFailsNotAfterwards() {
        Plan plan = new Plan(Faults.all(), 2);
        int together = 0;
        for (int i = 0; i < STEPS; i++) {
            List<Plan.Strike> step = plan.next();
            for (int at = 1; at < step.size(); at++) {
                assertThat(Plan.isOfMessages(step.get(at).fault())).isFalse();
            }
            together += step.size() > 1 && Plan.isOfMessages(step.getFirst().fault()) ? 1 : 0;
        }
        assertThat(together).isPositive();
    }

    @Test
    void whatHasNotBeenSeenComesUpSoon() {
        for (String wanted : List.of("flip", "kill-both", "reorder", "disk-hung")) {
            Plan plan = new Plan(Faults.all(), 3);
            plan.want(Set.of(wanted));
            int steps = 0;
            while (plan.next().stream()
                    .noneMatch(strike -> strike.fault().name().equals(wanted))) {
                steps++;
            }
            assertThat(steps).as(wanted).isLessThan(8);
        }
    }

    @Test
    void everyFaultComesUp() {
        Plan plan = new Plan(Faults.all(), 1);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 3 * STEPS; i++) {
            plan.next().forEach(strike -> seen.add(strike.fault().name()));
        }
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        Faults.all().stream().map(fault -> fault.name()).toList());
    }
}
