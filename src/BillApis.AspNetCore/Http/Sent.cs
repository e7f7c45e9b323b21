using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace BillApis.AspNetCore;

/// <summary>A JSON body that the engine itself reads and checks, field by field.</summary>
internal sealed record Sent<T>(JsonElement Json) : IEndpointParameterMetadataProvider
{
    public static async ValueTask<Sent<T>?> BindAsync(HttpContext context, ParameterInfo parameter) => new(await JsonBody.ReadAsync(context).ConfigureAwait(false));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new BodyType(typeof(T)));
}
