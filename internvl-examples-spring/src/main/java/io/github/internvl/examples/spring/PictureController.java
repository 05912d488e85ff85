package io.github.internvl.examples.spring;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.InternVL;
import io.github.internvl.QueueFullException;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.time.Duration;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.server.ResponseStatusException;

/** The endpoint: a question about an uploaded picture. */
// tag::boot[]
@RestController
final class PictureController {
    private final InternVL model;

    PictureController(InternVL model) {
        this.model = model;
    }

    record Answer(String text, int promptTokens, int generatedTokens) {}

    @PostMapping("/ask")
    Answer ask(@RequestParam MultipartFile picture, @RequestParam String question) throws IOException {
        ChatResponse response = model.chat(ChatRequest.builder()
                .text(question, Image.of(picture.getBytes()))
                .untrustedText(true)
                .timeout(Duration.ofMinutes(1))
                .build());
        if (response.finishReason() == FinishReason.TIMEOUT) {
            throw new ResponseStatusException(
                    HttpStatus.GATEWAY_TIMEOUT, "the answer was not complete within a minute");
        }
        return new Answer(
                response.text(),
                response.usage().promptTokens(),
                response.usage().generatedTokens());
    }

    @ExceptionHandler // a damaged picture, or a question that is too long
    ProblemDetail refuse(IllegalArgumentException bad) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, bad.getMessage());
    }

    @ExceptionHandler
    ProblemDetail refuse(QueueFullException full) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE, full.getMessage());
    }
}
// end::boot[]
