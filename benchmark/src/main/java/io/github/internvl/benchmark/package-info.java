/**
 * Soaks and tables. Every build compiles these programs; each runs when named, from the root of the repository:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=NAME -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.PROPERTY=VALUE test
 * </pre>
 *
 * <table>
 *   <caption>Programs</caption>
 *   <tr><th>name</th><th>output</th><th>properties, with their defaults</th></tr>
 *   <tr><td>{@code PrecisionTable}</td><td>seconds to load, memory, and tokens per second of one precision</td>
 *       <td>{@code internvl.table} (demo model), {@code internvl.table.precision} (float32)</td></tr>
 *   <tr><td>{@code EngineTable}</td><td>throughput of several callers, waits for a first token, reuse of a picture</td>
 *       <td>{@code internvl.engine} (demo model), {@code internvl.engine.precision} (FLOAT32),
 *       {@code internvl.engine.tokens} (32)</td></tr>
 *   <tr><td>{@code FormatCost}</td><td>time to compile output formats and to follow them</td>
 *       <td>{@code internvl.tokenizer} (demo model)</td></tr>
 *   <tr><td>{@code DemoAccuracy}</td><td>the table of the demo model's card</td>
 *       <td>{@code internvl.demo.set} (small set), {@code internvl.demo.model}, {@code internvl.demo.precisions}
 *       (float32,bfloat16), {@code internvl.demo.perKind} (all)</td></tr>
 *   <tr><td>{@code Soak}</td><td>memory and wrong answers under many threads</td>
 *       <td>{@code internvl.soak} (demo model), {@code internvl.soak.minutes} (2), {@code internvl.soak.threads} (8),
 *       {@code internvl.soak.precision} (float32)</td></tr>
 *   <tr><td>{@code ServerSoak}</td><td>memory, wrong answers and speed under many HTTP clients</td>
 *       <td>{@code internvl.soak.minutes} (1), {@code internvl.soak.clients} (64)</td></tr>
 *   <tr><td>{@code HeapSoak}</td><td>answers and errors while the heap is filled again and again</td>
 *       <td>{@code internvl.heapSoak.seconds} (8)</td></tr>
 * </table>
 *
 * Folders are relative to the root of the repository. PyTorch computes with one thread, as in all tests. The soaks read
 * {@code /proc} and run on Linux; give them a heap of one size with {@code -Dsurefire.jvm.options}, as their Javadoc shows. The
 * attacks on a server ({@code AttackRun}, {@code RequestFuzz}, {@code MixedLoad}) share their catalogue with tests of every
 * build and stay in {@code src/test}. {@code ResamplerBenchmark} measures code that is package-private and stays in
 * {@code internvl-vision}.
 */
@NullMarked
package io.github.internvl.benchmark;

import org.jspecify.annotations.NullMarked;
