using System.Diagnostics;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests.Quickstart;

/// <summary>The README's walk through the REST surface, as a reader would type it, against the host as a process of its own.</summary>
public sealed partial class WalkThroughTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_ends_with_the_invoice_and_the_books_that_it_promises()
    {
        var fences = Fence().Matches(await File.ReadAllTextAsync(Repository.PathOf("README.md"), TestContext.Current.CancellationToken)).Select(match => match.Groups[1].Value).ToList();
        var start = fences.Single(fence => fence.Contains("--project samples/BillApis.Host", StringComparison.Ordinal));
        var walk = fences.Single(fence => fence.StartsWith("api=", StringComparison.Ordinal));
        var folder = Directory.CreateTempSubdirectory("billapis-walk-");
        using var host = Process.Start(new ProcessStartInfo(QuickstartRun.ProgramOf("BillApis.Host"), [.. start.Split(" -- ")[1].Trim().Split(' '), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true, WorkingDirectory = folder.FullName,
        })!;
        try
        {
            var address = await AddressAsync(host).WaitAsync(Patience, TestContext.Current.CancellationToken);
            var answers = await TypeAsync(walk.Replace("http://localhost:8080", address, StringComparison.Ordinal)).WaitAsync(Patience, TestContext.Current.CancellationToken);

            answers.Length.ShouldBe(Regex.Count(walk, "^(get|post|curl) ", RegexOptions.Multiline));
            answers.ShouldAllBe(answer => answer.StartsWith("{\"success\":true", StringComparison.Ordinal));
            answers[^2].ShouldContain("\"total\":12.5,");
            answers[^1].ShouldContain("\"totals\":[{\"currency\":\"USD\",\"debits\":12.5,\"credits\":12.5}]");
        }
        finally
        {
            host.Kill();
            await host.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    internal static async Task<string> AddressAsync(Process host)
    {
        while (await host.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                return match.Groups[1].Value;
            }
        }

        throw new InvalidOperationException("The host ended before it listened.");
    }

    private static async Task<string[]> TypeAsync(string commands)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", commands]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        shell.ExitCode.ShouldBe(0);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"^```bash\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();
}
