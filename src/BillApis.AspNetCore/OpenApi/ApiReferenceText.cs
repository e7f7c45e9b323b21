using System.Text;
using System.Text.Json.Nodes;

namespace BillApis.AspNetCore;

/// <summary>The reference of the REST API as Markdown.</summary>
internal static class ApiReferenceText
{
    private const int MostShown = 600;

    public static string Of(ApiReference reference)
    {
        var text = new StringBuilder(
            """
            # The REST API

            Made from the OpenAPI document, which the host serves at `/openapi/v1.json`, and as a page to browse at `/docs`. Fields in bold are required. Every answer is the envelope `{success, error, payload, input}`; what stands behind a status below is its
            payload, or of a refusal its error. Each example was sent to a running host; long ones are cut off here and whole in the document. Refusals have a code: VAL_001 (400), AUTH_001 (401), AUTH_006 (403), RES_001 and REQ_001 (404), LIM_001 (402), CON_001 and IDM_001 (409), VAL_002 (413), VAL_003 (415), RATE_001 (429), INT_001 (500), INT_002 (503).

            """.ReplaceLineEndings("\n"));
        foreach (var group in reference.Operations)
        {
            Line($"\n## {group.Key}");
            foreach (var operation in group)
            {
                Line($"\n### {operation.Method} {operation.Path}");
                Line($"{operation.Summary}. Needs {operation.Needs}.");
                Item("query", string.Join(", ", operation.Parameters.Select(Field)));
                Item("body", string.Join("; ", operation.Bodies));
                Item("answer", string.Join("; ", operation.Answers));
                foreach (var example in operation.Examples)
                {
                    Line($"\n```http\n{example.Line}{(example.Body is null ? "" : $"\n{Shown(example.Body)}")}\n\n{example.Status} {Shown(example.Answer["error"] ?? example.Answer["payload"])}\n```");
                }
            }
        }

        Line("\n## Types");
        foreach (var (name, fields) in reference.Types)
        {
            Line($"\n### {name}");
            Line(fields.Count == 0 ? "Any value of its kind." : string.Join(", ", fields.Select(Field)));
        }

        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');

        void Item(string name, string value)
        {
            if (value.Length > 0)
            {
                Line($"- {name}: {value}");
            }
        }
    }

    // A text is a body of another kind than JSON. What is long is there whole in the OpenAPI document.
    private static string Shown(JsonNode? value)
    {
        var text = value is JsonValue plain && plain.TryGetValue<string>(out var other) ? other : value?.ToJsonString(BillingJson.Options) ?? "null";
        return text.Length > MostShown ? $"{text[..MostShown]} …" : text;
    }

    private static string Field(ReferenceField field) => $"{(field.IsRequired ? $"**{field.Name}**" : field.Name)} {field.Type}";
}
