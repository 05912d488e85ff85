package io.github.internvl.spring.ai;

import io.github.internvl.ChatRequest;
import io.github.internvl.InternVL;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Knowledge that the demo model lacks: an answer by the last words of a question. The next token of the answer is lifted among the
 * model's logits and no other is forbidden, so that all else is as with any answer, a format included.
 */
record Script(InternVL model, Map<String, String> answers) implements UnaryOperator<ChatRequest> {
    private static final float LIFT = 1e4f;

    @Override
    public ChatRequest apply(ChatRequest request) {
        return answers.entrySet().stream()
                .filter(answer -> request.text().endsWith(answer.getKey()))
                .findFirst()
                .map(answer -> scripted(request, answer.getValue()))
                .orElse(request);
    }

    private ChatRequest scripted(ChatRequest request, String answer) {
        int[] ids = model.tokenizer().encode(answer);
        int end = model.tokenizer().id("<|im_end|>").orElseThrow();
        return request.toBuilder()
                .generation(request.generation().toBuilder()
                        .processors((generated, logits) -> {
                            int at = generated.length;
                            logits[at < ids.length ? ids[at] : end] += LIFT;
                        })
                        .build())
                .build();
    }
}
