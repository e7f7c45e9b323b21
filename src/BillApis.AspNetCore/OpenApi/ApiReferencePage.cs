using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/docs</c>: the reference of the REST API as one page that needs nothing else, neither scripts nor anything from elsewhere.</summary>
internal static class ApiReferencePage
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}nav a{margin-right:1rem}summary{cursor:pointer;padding:.25rem 0}
        code{font:13px ui-monospace,monospace}b.GET{color:#0a5}b.POST{color:#06c}b.PATCH{color:#a60}b.DELETE{color:#c22}details{border-bottom:1px solid #e3e6ea}pre{background:#f6f8fa;padding:.75rem;margin:.25rem 0 .75rem 1.25rem;font:13px/1.45 ui-monospace,monospace;max-height:28rem;overflow:auto}p,ul{margin:.25rem 0 .75rem 1.25rem}a{color:#06c}
        """;

    private static readonly JsonSerializerOptions Indented = new(BillingJson.Options) { WriteIndented = true };

    private static readonly string Policy = $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; frame-ancestors 'none'; base-uri 'none'";

    public static void Map(IEndpointRouteBuilder endpoints, Func<ApiReference> reference)
    {
        var page = new Lazy<string>(() => Of(reference()));
        endpoints.MapGet("/docs", (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            return TypedResults.Text(page.Value, "text/html; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription().WithSecurityHeaders();
    }

    private static string Of(ApiReference reference)
    {
        var html = new StringBuilder($"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>BillApis REST API</title><style>{Style}</style><h1>BillApis REST API</h1>");
        var (groups, types) = (reference.Operations.ToList(), reference.Types.ToList());
        var names = types.Select(type => type.Name).ToHashSet(StringComparer.Ordinal);
        html.Append("<p>The same as <a href=\"/openapi/v1.json\">the OpenAPI document</a>, to read.</p><nav>").AppendJoin("", groups.Select(group => $"<a href=\"#{Anchor(group.Key)}\">{Text(group.Key)}</a>")).Append("<a href=\"#types\">Types</a></nav>");
        foreach (var group in groups)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2 id=\"{Anchor(group.Key)}\">{Text(group.Key)}</h2>");
            foreach (var operation in group)
            {
                html.Append(CultureInfo.InvariantCulture, $"<details><summary><b class=\"{operation.Method}\">{operation.Method}</b> <code>{Text(operation.Path)}</code> {Text(operation.Summary)}</summary><p>Needs {Text(operation.Needs)}.</p><ul>");
                html.AppendJoin("", operation.Parameters.Select(field => $"<li>query {Field(field)}"));
                html.AppendJoin("", operation.Bodies.Select(body => $"<li>body {Type(body)}")).AppendJoin("", operation.Answers.Select(answer => $"<li>answer {Type(answer)}")).Append("</ul>");
                html.AppendJoin("", operation.Examples.Select(Example)).Append("</details>");
            }
        }

        html.Append("<h2 id=\"types\">Types</h2>");
        foreach (var (name, fields) in types)
        {
            html.Append(CultureInfo.InvariantCulture, $"<details id=\"{Anchor(name)}\"><summary><code>{Text(name)}</code></summary><ul>").AppendJoin("", fields.Select(field => $"<li>{Field(field)}")).Append("</ul></details>");
        }

        return html.Append("</html>").ToString();

        string Type(string text) => string.Join(' ', text.Split(' ').Select(word => names.Contains(word) ? $"<a href=\"#{Anchor(word)}\">{word}</a>" : Text(word)));

        string Field(ReferenceField field) => $"<code>{Text(field.Name)}</code>{(field.IsRequired ? " (required)" : "")}: {Type(field.Type)}";
    }

    private static string Example(ReferenceExample example) =>
        $"<pre><b>{Text(example.Line)}</b>{(example.Body is null ? "" : $"\n{Pretty(example.Body)}")}\n\n<b>{example.Status}</b>\n{Pretty(example.Answer)}</pre>";

    private static string Pretty(JsonNode value) => Text(value is JsonValue plain && plain.TryGetValue<string>(out var text) ? text : value.ToJsonString(Indented));

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Anchor(string text) => new([.. text.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]);
}
