package dev.unwrite.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.chaos.ledger.Operation;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadSampleTest {
    private static final Campaign.Outcome RUN = SampleCampaign.valid();

    @Test
    void eachRequestIsAPointWhereThereIsRoom() {
        LoadSample all = LoadSample.of(RUN);
        assertThat(all.thinned()).isEmpty();
        assertThat(all.invoke()).hasSize(all.total()).isSorted();
        assertThat(all.outcomes()).hasSize(all.total());
        assertThat(all.kinds()).hasSize(all.total());
        assertThat(all.ok() + all.fail() + all.info())
                .isEqualTo(all.total())
                .isEqualTo(RUN.requests().size());
        assertThat(Arrays.stream(all.answered()).sum()).isEqualTo(all.ok() + all.fail());
    }

    @Test
    void whereThereIsNoneItSaysWhatIsLeftOutAndTheNumbersCountAll() {
        LoadSample all = LoadSample.of(RUN);
        LoadSample some = LoadSample.of(RUN, 100);
        assertThat(some.invoke().length).isBetween(50, 100);
        assertThat(some.thinned()).startsWith("shown are all of those").contains("one in ");
        assertThat(some.outcomes().chars().filter(letter -> letter == 'i')).hasSize(2);
        assertThat(some.total()).isEqualTo(all.total());
        assertThat(some.ok()).isEqualTo(all.ok());
        assertThat(some.p99Ms()).isEqualTo(all.p99Ms());
        assertThat(some.answered()).isEqualTo(all.answered());
    }

    @Test
    void evenRequestsWithoutAnAnswerAreBounded() {
        List<CampaignRequest> lost = RUN.requests().stream()
                .map(op -> SampleCampaign.operation(1, 5_000, 6_500, Operation.Outcome.INFO))
                .toList();
        LoadSample some = LoadSample.of(SampleCampaign.with(List.of(), lost, SampleCampaign.changes()), 100);
        assertThat(some.invoke().length).isBetween(25, 50);
        assertThat(some.thinned()).startsWith("shown are one in ");
        assertThat(some.info()).isEqualTo(lost.size());
    }
}
