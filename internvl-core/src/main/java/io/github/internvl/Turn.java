package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.List;
import java.util.OptionalInt;

/**
 * One past round of a conversation. Immutable.
 *
 * @param question the question as it stands in the prompt, with its {@code <image>} tags
 * @param images the pictures of the question
 * @param maxTiles most tiles of each picture, without its thumbnail; empty: the limit of the request
 * @param answer the answer
 */
public record Turn(String question, List<Image> images, OptionalInt maxTiles, String answer) {

    /** Copies the list. */
    public Turn {
        images = List.copyOf(images);
    }

    /** A round with pictures, with the tile limit of the request that contains it. */
    public Turn(String question, List<Image> images, String answer) {
        this(question, images, OptionalInt.empty(), answer);
    }

    /** A round without pictures. */
    public Turn(String question, String answer) {
        this(question, List.of(), answer);
    }
}
