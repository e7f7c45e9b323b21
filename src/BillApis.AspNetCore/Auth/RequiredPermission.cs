using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>What an endpoint asks of its caller; no resource asks for a signed-in user and nothing more.</summary>
internal sealed record RequiredPermission(string? Resource, string? Action)
{
    // Nobody but an owner may do what nobody thought about.
    private static readonly Permission Undeclared = new("undeclared", Permission.Write);

    /// <summary>The permission that an endpoint needs, or null where any signed-in user may call it.</summary>
    public static Permission? Of(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<RequiredPermission>() is not { } required ? Undeclared
        : required.Resource is null ? null
        : new Permission(required.Resource, required.Action ?? (IsRead(endpoint) ? Permission.Read : Permission.Write));

    private static bool IsRead(Endpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.All(HttpMethods.IsGet) == true;
}

/// <summary>Marks an endpoint that only the operator's own people and programs may call.</summary>
internal sealed record OperatorOnly;

/// <summary>How endpoints and groups of them declare what they ask for.</summary>
internal static class RequiredPermissionExtensions
{
    /// <summary>Asks for <c>resource:read</c> where the method is GET and for <c>resource:write</c> otherwise, unless the action is named; on an endpoint it counts before its group's.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder builder, string resource, string? action = null) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new RequiredPermission(resource, action));

    /// <summary>Asks for a caller of the operator's own tenant as well.</summary>
    public static TBuilder ForOperator<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new OperatorOnly());

    /// <summary>Asks for a signed-in user, whatever the user's roles.</summary>
    public static TBuilder RequiresSignIn<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredPermission(null, null));
}
