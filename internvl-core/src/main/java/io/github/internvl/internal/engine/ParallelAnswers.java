package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Independent answers to one prompt, most often a single one. */
final class ParallelAnswers implements DecodingStrategy {
    private final List<Answer> all;
    private final int logitsNeeded;
    private int length;

    /** @param logitsNeeded see {@link DecodingStrategy#logitsNeeded} */
    ParallelAnswers(List<Answer> all, int logitsNeeded) {
        this.all = List.copyOf(all);
        this.logitsNeeded = logitsNeeded;
    }

    @Override
    public int[] live() {
        return IntStream.range(0, all.size()).filter(i -> all.get(i).isLive()).toArray();
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int last(int branch) {
        return all.get(branch).last();
    }

    @Override
    public int[] computed() {
        return all.get(0).computed();
    }

    @Override
    public int logitsNeeded() {
        return logitsNeeded;
    }

    @Override
    public boolean isReady() {
        return all.stream()
                        .filter(Answer::isLive)
                        .filter(answer -> !answer.isReady())
                        .count()
                == 0; // asks all of them
    }

    @Override
    public List<Copy> advance(LogitRows rows) {
        int[] live = live();
        List<Copy> copies = new ArrayList<>();
        for (int i = 0; i < live.length; i++) {
            Answer answer = all.get(live[i]);
            answer.advance(rows, i);
            if (length == 0 && i > 0 && answer.isLive()) {
                copies.add(new Copy(0, live[i]));
            }
        }
        length++;
        return copies;
    }

    @Override
    public List<Generation.Output> end(FinishReason reason) {
        return all.stream().map(answer -> answer.end(reason)).toList();
    }
}
