package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Answers to one prompt that grow side by side and know nothing of each other; most often a single one. */
final class Branches implements Decoding {
    private final List<Branch> all;
    private final boolean needsLogits;
    private int length;

    Branches(List<Branch> all, boolean needsLogits) {
        this.all = List.copyOf(all);
        this.needsLogits = needsLogits;
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
    public int[] kept() {
        return all.get(0).fed();
    }

    @Override
    public boolean needsLogits() {
        return needsLogits;
    }

    @Override
    public boolean isReady() {
        return all.stream()
                        .filter(Branch::isLive)
                        .filter(branch -> !branch.isReady())
                        .count()
                == 0; // asks all of them
    }

    @Override
    public List<Copy> advance(LogitRows rows) {
        int[] live = live();
        List<Copy> copies = new ArrayList<>();
        for (int i = 0; i < live.length; i++) {
            Branch branch = all.get(live[i]);
            branch.advance(rows, i);
            if (length == 0 && i > 0 && branch.isLive()) {
                copies.add(new Copy(0, live[i]));
            }
        }
        length++;
        return copies;
    }

    @Override
    public List<Generation.Answer> end(FinishReason reason) {
        return all.stream().map(branch -> branch.end(reason)).toList();
    }
}
