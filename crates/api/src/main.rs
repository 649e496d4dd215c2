//! Order service: warp routes over the domain.

fn main() {}
