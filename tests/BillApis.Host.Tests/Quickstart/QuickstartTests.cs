using System.Globalization;
using System.Numerics;

namespace BillApis.Host.Tests.Quickstart;

public sealed class QuickstartTests
{
    [Fact]
    public async Task The_sample_beside_it_is_billed_to_the_cent()
    {
        var rows = File.ReadLines(Repository.PathOf("samples", "BillApis.Quickstart", "usage.csv")).Skip(1).Select(line => line.Split(',')).ToList();
        BilledAsTiers(await QuickstartRun.OfAsync(), rows, "input_tokens", "output_tokens");
    }

    [Fact]
    public async Task The_real_trace_of_a_language_model_is_billed_to_the_cent()
    {
        var file = SharedFiles.PathOf("data/llm-conversations.csv");
        var rows = File.ReadLines(file).Skip(1).Select(line => line.Split(',')).ToList();
        rows.Count.ShouldBe(19_366);
        var run = await QuickstartRun.OfAsync(file, "--timestamp", "TIMESTAMP", "--value", "ContextTokens", "--value", "GeneratedTokens");
        BilledAsTiers(run, rows, "ContextTokens", "GeneratedTokens");
    }

    [Fact]
    public async Task Bad_rows_are_named_with_line_and_reason_and_the_good_ones_are_billed()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "when,tokens\n2026-01-01 10:00:00,5\nyesterday,5\n2026-01-01 10:00:01,many\n2026-01-01 10:00:02\n2999-01-01 00:00:00,5\n2026-01-01 10:00:03,-5\n\"2026-01-01 10:00:04\",1e3\n2026-01-01 10:00:05,9999999999999999\n", TestContext.Current.CancellationToken);
        var run = await QuickstartRun.OfAsync(file, "--timestamp", "when", "--value", "tokens");
        File.Delete(file);

        run.ExitCode.ShouldBe(0, run.Output);
        run.Refused.Keys.ShouldBe([3, 4, 5, 6, 7, 9], ignoreOrder: true);
        run.Refused[3].ShouldContain("when 'yesterday' is not a time");
        run.Refused[4].ShouldContain("tokens 'many' is not a number");
        run.Refused[5].ShouldContain("1 columns instead of 2");
        run.Refused[6].ShouldContain("2999");
        run.Refused[7].ShouldContain("tokens");
        run.Refused[9].ShouldContain("15 integer");
        run.Row("tokens")[2].ShouldBe("1,005");
    }

    [Theory]
    [InlineData("there is no file", "/nowhere.csv", "--timestamp", "a", "--value", "b")]
    [InlineData("needs --timestamp and --value", "/nowhere.csv")]
    [InlineData("no option --colour", "/nowhere.csv", "--colour", "red")]
    [InlineData("needs a value", "/nowhere.csv", "--timestamp")]
    public async Task What_cannot_be_billed_is_refused_in_one_sentence(string expected, params string[] arguments)
    {
        var run = await QuickstartRun.OfAsync(arguments);
        run.ExitCode.ShouldBe(1);
        run.Output.ReplaceLineEndings(" ").ShouldContain(expected);
        run.Output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_column_that_is_not_there_is_named_with_those_that_are()
    {
        var run = await QuickstartRun.OfAsync(Repository.PathOf("samples", "BillApis.Quickstart", "usage.csv"), "--timestamp", "when", "--value", "tokens");
        run.ExitCode.ShouldBe(1);
        run.Output.ReplaceLineEndings(" ").ShouldContain("no column 'when'; it has time, input_tokens, output_tokens");
    }

    // 1,000 requests a package at 0.40; input: 3, 2.5, 2 millionths in slices; output: the whole at 15, 12 or 10 millionths.
    private static void BilledAsTiers(QuickstartRun run, List<string[]> rows, string input, string output)
    {
        run.ExitCode.ShouldBe(0, run.Output);
        run.Refused.ShouldBeEmpty();
        run.Output.ShouldContain($"{rows.Count} rows metered");
        var (inputs, outputs) = (Total(rows, 1), Total(rows, 2));
        const long million = 1_000_000;
        var packages = (rows.Count + 999) / 1_000;
        var slices = (Slice(inputs, 0, million) * 30) + (Slice(inputs, million, 10 * million) * 25) + (Slice(inputs, 10 * million, inputs) * 20);
        var volume = outputs * (outputs <= million ? 150 : outputs <= 5 * million ? 120 : 100);
        long[] cents = [packages * 40, Cents(slices), Cents(volume)];

        foreach (var ((name, quantity), amount) in new[] { ("requests", (BigInteger)rows.Count), (input, inputs), (output, outputs) }.Zip(cents))
        {
            var cells = run.Row(name);
            (cells[2], cells[5]).ShouldBe((Number(quantity), Usd(amount)));
        }

        var total = Usd(cents.Sum());
        run.Row("Total")[5].ShouldBe(total);
        run.Row("Total USD/2").ShouldBe(["Total USD/2", total, total]);
    }

    private static BigInteger Total(List<string[]> rows, int column) => rows.Aggregate(BigInteger.Zero, (sum, row) => sum + BigInteger.Parse(row[column], CultureInfo.InvariantCulture));

    private static BigInteger Slice(BigInteger quantity, BigInteger from, BigInteger to) => BigInteger.Max(0, BigInteger.Min(quantity, to) - from);

    // Tenths of a millionth of a dollar, in cents, half away from zero.
    private static long Cents(BigInteger amount) => (long)((amount + 50_000) / 100_000);

    private static string Number(BigInteger value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Usd(long cents) => string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00} USD");
}
