package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import io.github.internvl.vision.Image;

/** Answers that programs read: one of several texts, JSON of a schema, and calls of your own functions. */
public final class StructuredOutput {
    private StructuredOutput() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::format[]
            ChatRequest choice = ChatRequest.builder()
                    .text("What color is the star?", photo)
                    .format(OutputFormat.choice("red", "green", "blue"))
                    .build();
            System.out.println(model.chat(choice).text());

            String schema = """
                    {"type": "object",
                     "properties": {
                       "color": {"enum": ["RED", "GREEN", "BLUE"]},
                       "points": {"type": "integer", "minimum": 0, "maximum": 99}},
                     "required": ["color", "points"]}""";
            ChatRequest json = choice.toBuilder()
                    .text("Describe the star as JSON with color and points.")
                    .format(OutputFormat.jsonSchema(schema))
                    .build();
            System.out.println(model.chat(json).text());
            // end::format[]
            // tag::tools[]
            Tool find = new Tool("find_part", "Looks a part up by its color.", """
                    {"type": "object", "properties": {"color": {"enum": ["red", "green"]}}, "required": ["color"]}""");
            Conversation talk = model.conversation();
            ChatResponse asked = talk.ask(ChatRequest.builder()
                    .text("Which part is this?", photo)
                    .tools(find)
                    .toolChoice(Tool.Choice.required()) // without it, the model decides
                    .build());
            for (Tool.Call call : asked.toolCalls()) {
                System.out.println(call.name() + call.arguments());
            }
            ChatResponse answer = talk.ask(ChatRequest.builder()
                    .toolResults("{\"part\": \"A-17\"}")
                    .maxNewTokens(32)
                    .build());
            // end::tools[]
            System.out.println(answer.usage().promptTokens() + " tokens with the result of the call");
        }
    }
}
