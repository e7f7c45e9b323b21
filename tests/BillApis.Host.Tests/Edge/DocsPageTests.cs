using System.Text.Json;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests;

/// <summary><c>/docs</c> tells of every operation, and needs nothing but itself.</summary>
public sealed class DocsPageTests(HostFixture host)
{
    [Fact]
    public async Task The_page_names_every_operation_and_loads_nothing()
    {
        using var client = host.CreateClient();
        using var answer = await client.GetAsync(new Uri("/docs", UriKind.Relative), TestContext.Current.CancellationToken);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'");
        Regex.IsMatch(page, @"<script|src=|url\(|@import|\son\w+=|(?:href|action)=""?https?://", RegexOptions.IgnoreCase).ShouldBeFalse();

        var document = JsonElement.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken));
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (Method: operation.Name.ToUpperInvariant(), Path: path.Name))).ToList();
        operations.Count.ShouldBeGreaterThan(100);
        operations.Where(operation => !page.Contains($"<b class=\"{operation.Method}\">{operation.Method}</b> <code>{operation.Path}</code>", StringComparison.Ordinal)).ShouldBeEmpty();
        foreach (Match link in Regex.Matches(page, "href=\"#([^\"]+)\""))
        {
            page.ShouldContain($"id=\"{link.Groups[1].Value}\"");
        }
    }
}
