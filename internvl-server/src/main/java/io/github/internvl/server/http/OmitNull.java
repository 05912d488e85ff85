package io.github.internvl.server.http;

import com.google.gson.Gson;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;

/**
 * The adapter of components that are absent from the JSON when null, while others are written as {@code null}. To be used with
 * {@code nullSafe = false}, or Gson writes the null itself.
 */
public final class OmitNull implements TypeAdapterFactory {
    @Override
    public <T> TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
        TypeAdapter<T> values = gson.getAdapter(type);
        return new TypeAdapter<>() {
            @Override
            public void write(JsonWriter out, T value) throws IOException {
                boolean nulls = out.getSerializeNulls();
                out.setSerializeNulls(value != null);
                values.write(out, value);
                out.setSerializeNulls(nulls);
            }

            @Override
            public T read(JsonReader in) throws IOException {
                return values.read(in);
            }
        };
    }
}
