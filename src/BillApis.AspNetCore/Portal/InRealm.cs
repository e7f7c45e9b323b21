using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>The realm whose credentials an endpoint takes; the admin realm where nothing is said.</summary>
internal sealed record InRealm(Realm Realm)
{
    public static Realm Of(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<InRealm>()?.Realm ?? Realm.Admin;
}

/// <summary>How endpoints and groups of them say that they are of the portal.</summary>
internal static class InRealmExtensions
{
    public static TBuilder In<TBuilder>(this TBuilder builder, Realm realm) where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new InRealm(realm));
}
