using System.Text.RegularExpressions;

namespace BillApis.Host.Tests.OpenApi;

/// <summary>One request of <c>examples.txt</c>, which says how a line is written.</summary>
internal sealed partial record ExampleLine(string? Name, string Field, bool IsRefused, bool IsShown, string Who, HttpMethod Method, string Path, string ContentType, string? Body)
{
    private const string Json = "application/json";

    public static List<ExampleLine> ReadAll() =>
        [.. File.ReadLines(Repository.PathOf("tests", "BillApis.Host.Tests", "OpenApi", "examples.txt")).Where(line => line.Length > 0 && line[0] != '#').Select(Read)];

    private static ExampleLine Read(string text)
    {
        var line = Form().Match(text);
        line.Success.ShouldBeTrue(text);
        var (rest, who) = (line.Groups["rest"].Value, line.Groups["who"].Value);
        var type = rest.Length == 0 || rest[0] is '{' or '[' ? Json : rest.Split(' ')[0];
        var body = rest.Length == 0 ? null : type == Json ? rest : rest[(type.Length + 1)..].Replace("\\n", "\n", StringComparison.Ordinal);
        return new ExampleLine(
            line.Groups["name"].Success ? line.Groups["name"].Value : null, line.Groups["field"].Success ? line.Groups["field"].Value : "id", line.Groups["no"].Success, !line.Groups["aside"].Success, who.Length == 0 ? "owner" : who,
            new HttpMethod(line.Groups["method"].Value), line.Groups["path"].Value, type, body);
    }

    [GeneratedRegex(@"^(?:(?<aside>~) )?(?:(?<no>!) )?(?:(?<name>[a-z-]+)(?::(?<field>[a-z0-9_.]+))? = )?(?:@(?<who>[a-z]+) )?(?<method>GET|POST|PATCH|DELETE) (?<path>/\S*)(?: (?<rest>.+))?$")]
    private static partial Regex Form();
}
