using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace BillApis.AspNetCore;

/// <summary>The JSON body of a request, read and checked; an absent body is an empty object.</summary>
/// <param name="Value">The body as the type that the endpoint takes.</param>
/// <param name="Json">The same as it was sent.</param>
internal sealed record Body<T>(T Value, JsonElement Json) : IEndpointParameterMetadataProvider
{
    /// <exception cref="BillingException">At least one field is refused.</exception>
    public static Body<T> Of(JsonElement json) => new(JsonContract.Read<T>(json), json);

    public static async ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter) => Of(await JsonBody.ReadAsync(context).ConfigureAwait(false));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new BodyType(typeof(T)));
}

/// <summary>What a request's JSON body holds; told to the OpenAPI document.</summary>
/// <param name="Type">The type that the body is read as.</param>
/// <param name="ContentType">What it is sent as.</param>
/// <param name="Partial">Whether only the fields that change are sent.</param>
internal sealed record BodyType(Type Type, bool Partial = false, string ContentType = "application/json");
