package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PromptLookupTest {

    @Test
    void draftsWhatCameAfterTheLastTokens() {
        assertThat(PromptLookup.after(new int[] {1, 2, 3, 4, 5, 9, 2, 3}, 2)).containsExactly(4, 5);
    }

    @Test
    void prefersTheLongestMatchAndOfThoseTheLatest() {
        int[] tokens = {7, 1, 2, 3, 10, 8, 2, 3, 20, 7, 1, 2, 3, 30, 4, 1, 2, 3};

        assertThat(PromptLookup.after(tokens, 1)).containsExactly(30);
        assertThat(PromptLookup.after(new int[] {1, 2, 5, 1, 2, 6, 0, 1, 2}, 1)).containsExactly(6);
    }

    @Test
    void draftsNothingAfterASingleTokenThatCameBefore() {
        assertThat(PromptLookup.after(new int[] {3, 1, 2, 4, 1}, 4)).isEmpty();
        assertThat(PromptLookup.after(new int[] {3}, 4)).isEmpty();
        assertThat(PromptLookup.after(new int[0], 4)).isEmpty();
    }

    @Test
    void goesRoundWithARepetition() {
        assertThat(PromptLookup.after(new int[] {5, 5, 5, 5, 5, 5}, 3)).containsExactly(5, 5, 5);
        assertThat(PromptLookup.after(new int[] {1, 2, 1, 2, 1, 2}, 5)).containsExactly(1, 2, 1, 2, 1);
    }

    @Test
    void draftsFewerAfterWrongOnesAndMoreAfterRightOnes() {
        PromptLookup lookup = new PromptLookup(8);
        int[] tokens = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2};

        lookup.draft(tokens, 100);
        assertThat(lookup.drafts()).hasSize(8);
        lookup.verified(1);
        lookup.draft(tokens, 100);
        assertThat(lookup.drafts()).containsExactly(3, 4);
        lookup.verified(2);
        lookup.draft(tokens, 100);
        assertThat(lookup.drafts()).hasSize(4);
        lookup.draft(tokens, 3);
        assertThat(lookup.drafts()).hasSize(3);
        lookup.verified(0);

        assertThat(lookup.drafts()).isEmpty();
        assertThat(lookup.drafted()).isEqualTo(13);
        assertThat(lookup.accepted()).isEqualTo(3);
    }

    @Test
    void draftsNothingWhereItIsNotWanted() {
        PromptLookup lookup = new PromptLookup(0);

        lookup.draft(new int[] {1, 2, 1, 2, 1, 2}, 100);

        assertThat(lookup.drafts()).isEmpty();
    }
}
