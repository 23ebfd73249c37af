package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a host had acknowledged it has to hold when it comes back. */
class AcknowledgedTest {
    private static final long FIRST = 11;
    private static final long SECOND = 22;

    private final Acknowledged acknowledged = new Acknowledged();

    @Test
    void anotherLifeHoldsWhatTheFirstHadAcknowledged() {
        acknowledged.begin("log", 5);
        acknowledged.acknowledged(FIRST, 9);
        acknowledged.acknowledged(FIRST, 8);
        assertThat(acknowledged.isMoreThan(SECOND, 9)).isFalse();
        assertThat(acknowledged.isMoreThan(SECOND, 8)).isTrue();
        assertThat(acknowledged.isOf("log")).isTrue();
        assertThat(acknowledged.isOf("another")).isFalse();
    }

    @Test
    void whatALifeSaidWhenItWasMetMayBeReadAfterItsFirstAcknowledgments() {
        acknowledged.begin("log", 0);
        acknowledged.acknowledged(FIRST, 9);
        acknowledged.acknowledged(SECOND, 12);
        assertThat(acknowledged.isMoreThan(SECOND, 9)).isFalse();
        assertThat(acknowledged.isMoreThan(SECOND, 8)).isTrue();
        assertThat(acknowledged.isMoreThan(FIRST + SECOND, 11)).isTrue();
    }

    @Test
    void theSameLifeIsNotAskedForMoreThanItHadWhenItBegan() {
        acknowledged.begin("log", 3);
        acknowledged.acknowledged(FIRST, 9);
        assertThat(acknowledged.isMoreThan(FIRST, 3)).isFalse();
        assertThat(acknowledged.isMoreThan(FIRST, 2)).isTrue();
    }

    @Test
    void whoJoinsAnewHasNothingToMakeUpFor() {
        acknowledged.begin("log", 3);
        acknowledged.acknowledged(FIRST, 9);
        acknowledged.begin("other", 1);
        assertThat(acknowledged.isMoreThan(SECOND, 1)).isFalse();
        assertThat(acknowledged.isOf("other")).isTrue();
    }
}
