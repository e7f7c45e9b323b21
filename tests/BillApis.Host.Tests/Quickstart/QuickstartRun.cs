using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests.Quickstart;

/// <summary>One run of the built quickstart, as a user would start it.</summary>
internal sealed partial record QuickstartRun(int ExitCode, string Output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>The cells of every table row, blanks trimmed.</summary>
    public IReadOnlyList<string[]> Cells => [.. Output.Split('\n').Where(line => line.StartsWith('│')).Select(line => line.Trim().Trim('│').Split('│').Select(cell => cell.Trim()).ToArray())];

    /// <summary>What was refused, by line of the file.</summary>
    public IReadOnlyDictionary<int, string> Refused => RefusedLine().Matches(Output).ToDictionary(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match => match.Groups[2].Value.Trim());

    /// <summary>The row of a table that begins with this cell.</summary>
    public string[] Row(string first) => Cells.Single(cells => cells[0] == first);

    /// <summary>The built program of a sample, beside these tests.</summary>
    public static string ProgramOf(string sample)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(folder.Parent!.Parent!.FullName, sample, folder.Name, sample);
    }

    public static async Task<QuickstartRun> OfAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(ProgramOf("BillApis.Quickstart"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience);
        (await errors).ShouldBeEmpty();
        return new QuickstartRun(process.ExitCode, await output);
    }

    [GeneratedRegex(@"^line (\d+): (.*)$", RegexOptions.Multiline)]
    private static partial Regex RefusedLine();
}
